import assert from 'node:assert/strict';
import { chmod, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { restoreBackup } from '../../src/backups/restore.ts';
import { takeBackup } from '../../src/backups/take.ts';
import { verifyBackup } from '../../src/backups/verify.ts';
import { checkDump } from '../../src/database/check-dump.ts';
import { findClients } from '../../src/database/postgres/dump-clients.ts';
import { type Ground, ground, OPTIONS, openTarget, targetOf, withPostgres } from '../backups/fixtures.ts';
import { problem } from '../backups/problems.ts';
import { temporaryFolder } from '../support/databases.ts';
import { sharedPostgres } from '../support/postgres.ts';

const RESTORE = { safetyBackup: false, now: OPTIONS.now } as const;

describe('backups of PostgreSQL', () => {
  let on: Ground;
  beforeEach(async () => {
    on = await ground('postgres', 50);
  });
  afterEach(() => on.close());

  it('bring back types, functions, triggers, policies, identities, partitions and grants', async () => {
    await on.sql(`
      DO $$ BEGIN CREATE ROLE reader; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
      CREATE TYPE mood AS ENUM ('sad', 'happy');
      CREATE DOMAIN short AS text CHECK (length(VALUE) < 9);
      CREATE TYPE pair AS (a int, b text);
      CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN NEW.note := 'touched'; RETURN NEW; END $f$;
      CREATE PROCEDURE nothing() LANGUAGE sql AS 'SELECT 1';
      CREATE AGGREGATE total(int) (SFUNC = int4pl, STYPE = int);
      CREATE TABLE people (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, mood mood DEFAULT 'sad', name short, note text, p pair);
      CREATE TRIGGER touched BEFORE UPDATE ON people FOR EACH ROW EXECUTE FUNCTION touch();
      ALTER TABLE people ENABLE ROW LEVEL SECURITY; CREATE POLICY all_of_them ON people TO reader USING (true);
      CREATE STATISTICS of_people ON mood, name FROM people;
      CREATE TABLE logs (at date, text text) PARTITION BY RANGE (at);
      CREATE TABLE logs_2026 PARTITION OF logs FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
      CREATE MATERIALIZED VIEW few AS SELECT * FROM customers LIMIT 3;
      CREATE SEQUENCE numbers START 7; GRANT SELECT ON people TO reader; COMMENT ON TABLE people IS 'it''s people';
      ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO reader;
      INSERT INTO people (mood, name) VALUES ('happy', 'ann'); INSERT INTO logs VALUES ('2026-05-05', 'x');`);
    const [before, schema] = [await on.contentHash(), await on.db.snapshot()];
    const backup = await takeBackup(on.db, on.folder, OPTIONS);
    await on.sql(`UPDATE people SET name = 'bob'; ALTER TYPE mood ADD VALUE 'calm'; DROP TABLE logs; DROP FUNCTION touch() CASCADE;
      REVOKE ALL ON people FROM reader; CREATE TABLE extra (id int REFERENCES people(id)); CREATE TYPE more AS ENUM ('x')`);
    await restoreBackup(on.db, backup, RESTORE);
    assert.equal(await on.contentHash(), before);
    assert.deepEqual(await on.db.snapshot(), schema);
    await on.sql("UPDATE people SET name = 'eve'; CALL nothing(); SELECT total(1)");
  });

  it('keep extensions, and make them where they are missing', async () => {
    await on.sql(`CREATE EXTENSION citext; CREATE EXTENSION hstore; CREATE TABLE words (word citext PRIMARY KEY, more hstore);
      INSERT INTO words VALUES ('Word', 'a=>1')`);
    const before = await on.contentHash();
    const backup = await takeBackup(on.db, on.folder, OPTIONS);
    await on.sql('DELETE FROM words');
    await restoreBackup(on.db, backup, RESTORE);
    assert.equal(await on.contentHash(), before);
    const other = await ground('postgres', 0);
    await restoreBackup(other.db, backup, { ...RESTORE, into: true });
    assert.equal(await other.contentHash(), before);
    await other.close();
    const scratch = await on.db.createScratch({ kind: 'backup', backup }, { runId: 'ext' });
    assert.equal((await scratch.database.rowCounts()).get('public.words'), 1);
    await scratch.drop();
    const schema = await on.db.createScratch({ kind: 'schema' }, { runId: 'ext' });
    assert.equal((await schema.database.rowCounts()).get('public.words'), 0);
    await schema.drop();
  });

  it('bring back large objects', async () => {
    await on.sql(`SELECT lo_from_bytea(7001, 'first'); SELECT lo_from_bytea(7002, 'second')`);
    const before = await on.contentHash();
    const backup = await takeBackup(on.db, on.folder, OPTIONS);
    await on.sql(`SELECT lo_put(7001, 0, 'FIRST'); SELECT lo_unlink(7002)`);
    await restoreBackup(on.db, backup, RESTORE);
    assert.equal(await on.contentHash(), before);
  });

  it('hold only some schemas if requested, report it, and do not change the others', async () => {
    await on.sql(
      'CREATE SCHEMA mine; CREATE TABLE mine.things (id int); INSERT INTO mine.things VALUES (1); CREATE SCHEMA "Odd ""one"; CREATE TABLE "Odd ""one".t (id int)',
    );
    if (on.target.dialect !== 'postgres') throw new Error('unreachable');
    const both = await openTarget({ ...on.target, schemas: ['mine', 'Odd "one'] });
    const backup = await takeBackup(both, on.folder, { ...OPTIONS, schemas: ['mine', 'Odd "one'] });
    assert.deepEqual(backup.manifest.schemas, ['mine', 'Odd "one']);
    assert.match((backup.manifest.leftOut ?? []).join(' '), /These schemas are not in this backup: public\./);
    const before = await on.contentHash();
    await on.sql('DELETE FROM mine.things; DROP SCHEMA "Odd ""one" CASCADE');
    await restoreBackup(both, backup, RESTORE);
    assert.equal(await on.contentHash(), before);
    await on.sql('DELETE FROM mine.things; DELETE FROM orders');
    await restoreBackup(both, backup, RESTORE);
    assert.equal((await on.db.rowCounts()).get('public.orders'), 0);
    await both.close();
  });

  it('of some schemas are not restored where another schema’s objects would be lost, which are named', async () => {
    const backup = await takeBackup(on.db, on.folder, { ...OPTIONS, schemas: ['public'] });
    await on.sql(`CREATE SCHEMA reports; CREATE VIEW reports.best AS SELECT * FROM public.orders;
      CREATE TABLE reports.notes (order_id int REFERENCES public.orders(id))`);
    const before = await on.contentHash();
    const message = await problem('RestoreFailed', () => restoreBackup(on.db, backup, RESTORE));
    assert.match(message, /view reports\.best/);
    assert.match(message, /constraint notes_order_id_fkey on table reports\.notes/);
    assert.match(message, /is unchanged/);
    assert.equal(await on.contentHash(), before);
  });

  it('leave the target as it was when the last rows of the dump cannot be read', async () => {
    const backup = await takeBackup(on.db, on.folder, OPTIONS);
    await on.sql('DELETE FROM orders');
    const before = await on.contentHash();
    const failing = { ...backup, path: await withFailingTail(backup.path) };
    assert.match(await problem('RestoreFailed', () => on.db.restore(failing, {})), /is unchanged/);
    assert.equal(await on.contentHash(), before);
  });

  it('leave the target as it was when the server refuses a statement after all rows', async () => {
    // Of one schema, so that it is restored in place: in a new database no event trigger is there yet.
    const backup = await takeBackup(on.db, on.folder, { ...OPTIONS, schemas: ['public'] });
    await on.sql('DELETE FROM orders');
    await on.sql(`CREATE SCHEMA guard; CREATE FUNCTION guard.refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no indexes today'; END $$;
      CREATE EVENT TRIGGER no_indexes ON ddl_command_end WHEN TAG IN ('CREATE INDEX') EXECUTE FUNCTION guard.refuse()`);
    const before = await on.contentHash();
    assert.match(
      await problem('RestoreFailed', () => restoreBackup(on.db, backup, RESTORE)),
      /no indexes today.*is unchanged/,
    );
    assert.equal(await on.contentHash(), before);
  });

  it('are not restored under other sessions unless these may be ended', async () => {
    const backup = await takeBackup(on.db, on.folder, OPTIONS);
    await withPostgres(
      on.target,
      async (client) => {
        await client.query('BEGIN; SELECT * FROM orders LIMIT 1');
        const before = await on.contentHash();
        const message = await problem('ActiveSessions', () => restoreBackup(on.db, backup, RESTORE));
        assert.match(message, /shop.*of tester from 127\.0\.0\.1 \(backend \d+\)/);
        assert.equal(await on.contentHash(), before);
        const said: string[] = [];
        await restoreBackup(on.db, backup, {
          ...RESTORE,
          terminateSessions: true,
          onMessage: (text) => said.push(text),
        });
        assert.match(said.join(), /Terminated shop/);
        assert.equal(await on.contentHash(), before);
      },
      { application_name: 'shop' },
    );
  });

  it('report missing roles, and are restored', async () => {
    await on.sql(
      `CREATE ROLE gone; CREATE ROLE gone_too; ALTER TABLE orders OWNER TO gone; GRANT SELECT ON customers TO gone_too`,
    );
    const backup = await takeBackup(on.db, on.folder, OPTIONS);
    const counts = await on.db.rowCounts();
    await on.sql(
      'ALTER TABLE orders OWNER TO tester; DROP OWNED BY gone_too; DROP OWNED BY gone; DROP ROLE gone, gone_too; DELETE FROM orders',
    );
    const said: string[] = [];
    await restoreBackup(on.db, backup, { ...RESTORE, onMessage: (text) => said.push(text) });
    assert.match(said.join(' '), /does not have the roles gone, gone_too\./);
    assert.match(said.join(' '), /belong to the user/);
    assert.deepEqual(await on.db.rowCounts(), counts);
  });

  it('are of one moment while a writer is at work', async () => {
    await on.sql('CREATE TABLE pairs (a int, b int); INSERT INTO pairs VALUES (0, 0)');
    let writing = true;
    const writer = withPostgres(on.target, async (client) => {
      for (let n = 1; writing; n++)
        await client.query(`BEGIN; UPDATE pairs SET a = ${n}; UPDATE pairs SET b = ${n}; COMMIT`);
    });
    const backup = await takeBackup(on.db, on.folder, OPTIONS);
    writing = false;
    await writer;
    const scratch = await on.db.createScratch({ kind: 'backup', backup }, { runId: 'pairs', server: 'SameServer' });
    const { display } = scratch.database.identity;
    const database = display.slice(display.lastIndexOf('/') + 1);
    if (on.target.dialect !== 'postgres') throw new Error('unreachable');
    const { rows } = await withPostgres({ ...on.target, database }, (client) =>
      client.query('SELECT a = b AS same FROM pairs'),
    );
    assert.deepEqual(rows, [{ same: true }]);
    await scratch.drop();
  });

  it('compress as they are asked to', async () => {
    const { major } = await findClients(Math.floor((await sharedPostgres()).version / 10_000));
    const none = await takeBackup(on.db, on.folder, { ...OPTIONS, compression: 'none' });
    const gzip = await takeBackup(on.db, on.folder, { ...OPTIONS, compression: 'gzip' });
    const auto = await takeBackup(on.db, on.folder, OPTIONS);
    assert.deepEqual(
      [none, gzip].map(({ manifest }) => manifest.compression),
      ['none', 'gzip'],
    );
    assert.ok(
      major >= 16 ? ['zstd', 'gzip'].includes(auto.manifest.compression) : auto.manifest.compression === 'gzip',
    );
    assert.ok(gzip.manifest.sizeBytes < none.manifest.sizeBytes);
    for (const each of [none, gzip, auto]) await verifyBackup(each, { check: checkDump });
    // Older than 16, or built without it.
    if (auto.manifest.compression === 'gzip') {
      const zstd = () => takeBackup(on.db, on.folder, { ...OPTIONS, compression: 'zstd' });
      assert.match(await problem('InvalidConfiguration', zstd), /does not support zstd compression/);
    }
  });

  it('report the message of pg_dump when it may not read', async () => {
    const name = `blind_${process.pid}`;
    await on.sql(`CREATE ROLE ${name} LOGIN PASSWORD 'blind'`);
    const blind = await openTarget(targetOf(on.url.replace(/\/\/[^@]+@/, `//${name}:blind@`)));
    const message = await problem('PermissionDenied', () => takeBackup(blind, on.folder, OPTIONS));
    assert.match(message, /permission denied for table/);
    assert.deepEqual(await readdir(on.folder), []);
    await blind.close();
  });

  it('need no superuser: the owner of the database may do it all', async () => {
    const name = `owner_${process.pid}`;
    await on.sql(`CREATE ROLE ${name} LOGIN CREATEDB PASSWORD 'owner'`);
    const admin = await sharedPostgres();
    await admin.query(`CREATE DATABASE of_${name} OWNER ${name} TEMPLATE template0`);
    const target = targetOf(on.url.replace(/\/\/[^@]+@/, `//${name}:owner@`).replace(/\/[^/]*$/, `/of_${name}`));
    const db = await openTarget(target);
    const sql = (text: string) => withPostgres(target, (client) => client.query(text));
    await sql('CREATE EXTENSION citext; CREATE TABLE items (id citext PRIMARY KEY); INSERT INTO items VALUES (1), (2)');
    await sql("SELECT lo_from_bytea(7003, 'mine')");
    const backup = await takeBackup(db, on.folder, OPTIONS);
    await sql('DROP TABLE items; CREATE TABLE later (id int)');
    await restoreBackup(db, backup, RESTORE);
    assert.deepEqual([...(await db.rowCounts())], [['public.items', 2]]);
    for (const source of [{ kind: 'backup', backup }, { kind: 'schema' }, { kind: 'empty' }] as const) {
      const scratch = await db.createScratch(source, { runId: 'owner' });
      await scratch.database.history.ensure();
      assert.equal((await scratch.database.rowCounts()).size, source.kind === 'empty' ? 0 : 1);
      await scratch.drop();
    }
    assert.deepEqual(await db.dropStaleScratches(), []);
    await db.close();
    await admin.query(`DROP DATABASE of_${name}`);
  });

  it('never show the password in a process’s arguments', async () => {
    const { folder } = await findClients(Math.floor((await sharedPostgres()).version / 10_000));
    const spies = await temporaryFolder('spies');
    const said = join(spies, 'said');
    for (const program of ['pg_dump', 'pg_restore', 'psql']) {
      const spy = join(spies, program);
      await writeFile(spy, `#!/bin/sh\necho '${program}' "$@" >>'${said}'\nexec '${join(folder, program)}' "$@"\n`);
      await chmod(spy, 0o755);
    }
    const { PG_BIN } = process.env;
    process.env.PG_BIN = spies;
    try {
      const backup = await takeBackup(on.db, on.folder, OPTIONS);
      await restoreBackup(on.db, backup, RESTORE);
    } finally {
      if (PG_BIN === undefined) delete process.env.PG_BIN;
      else process.env.PG_BIN = PG_BIN;
    }
    const lines = await readFile(said, 'utf8');
    for (const program of ['pg_dump', 'pg_restore']) assert.match(lines, new RegExp(`^${program} --`, 'm'));
    assert.doesNotMatch(lines, /S3cr3t/);
  });
});

/** The same dump, whose list of contents is whole, but whose last rows cannot be read. */
async function withFailingTail(path: string): Promise<string> {
  const bytes = await readFile(path);
  const file = join(await temporaryFolder('tail'), path.slice(path.lastIndexOf('/') + 1));
  bytes.fill(0xff, bytes.length - 400);
  await writeFile(file, bytes);
  return file;
}
