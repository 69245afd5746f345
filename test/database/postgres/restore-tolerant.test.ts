import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { restoreBackup } from '../../../src/backups/restore.ts';
import { takeBackup } from '../../../src/backups/take.ts';
import { safeMigrate } from '../../../src/library/safe-migrate.ts';
import { OPTIONS, openTarget, targetOf, withPostgres } from '../../backups/fixtures.ts';
import { temporaryFolder } from '../../support/databases.ts';
import { sharedPostgres } from '../../support/postgres.ts';

const RESTORE = { safetyBackup: false, now: OPTIONS.now, terminateSessions: true } as const;

/** What was valid when it was written, and is not when a backup is restored. */
const NO_LONGER_VALID = `
  CREATE TABLE offers (id int PRIMARY KEY, until timestamptz CONSTRAINT future CHECK (until > now())); COMMENT ON CONSTRAINT future ON offers IS 'it''s "future"';
  INSERT INTO offers VALUES (1, clock_timestamp() + interval '1 millisecond');
  CREATE FUNCTION allowed(int) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT true'; CREATE TABLE numbers (n int CONSTRAINT "is ""ok" CHECK (public.allowed(n)), m int CHECK (m > 0));
  INSERT INTO numbers VALUES (1, 1); CREATE OR REPLACE FUNCTION allowed(int) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT $1 > 5';
  CREATE DOMAIN later AS timestamptz CONSTRAINT ahead CHECK (VALUE > now()); CREATE TABLE uses (at later); INSERT INTO uses VALUES (clock_timestamp() + interval '1 millisecond');
  CREATE TABLE parts (k int, until timestamptz, CONSTRAINT open CHECK (until > now())) PARTITION BY RANGE (k); CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (9);
  INSERT INTO parts VALUES (1, clock_timestamp() + interval '1 millisecond');
  CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child (id int CONSTRAINT "to parent" REFERENCES parent); COMMENT ON CONSTRAINT "to parent" ON child IS 'key';
  CREATE TABLE divisors (x int); INSERT INTO divisors VALUES (1); CREATE MATERIALIZED VIEW shares AS SELECT 1 / x AS y FROM divisors; CREATE MATERIALIZED VIEW fine AS SELECT n FROM numbers; UPDATE divisors SET x = 0;
  CREATE TABLE base (a int); CREATE TABLE derived () INHERITS (base); ALTER TABLE base ADD CONSTRAINT positive CHECK (a > 0) NOT VALID; ALTER TABLE derived VALIDATE CONSTRAINT positive`;
const ORPHAN = 'SET session_replication_role = replica; INSERT INTO child VALUES (77)';

const ROWS = `SELECT (SELECT count(*) FROM offers) + (SELECT count(*) FROM numbers) + (SELECT count(*) FROM uses) + (SELECT count(*) FROM parts) + (SELECT count(*) FROM child) AS n, (SELECT count(*) FROM fine) AS fine`;
const CONSTRAINTS = `SELECT conname AS name, coalesce(nullif(conrelid, 0)::regclass::text, contypid::regtype::text) AS of, convalidated AS valid, conislocal AS local, obj_description(oid, 'pg_constraint') AS comment
  FROM pg_constraint WHERE contype IN ('c', 'f') AND oid >= 16384 AND connamespace = 'public'::regnamespace ORDER BY 1, 2`;

interface Constraint {
  name: string;
  valid: boolean;
}

/** A database of an ordinary role. */
async function made(name: string, sql: string, afterwards = '') {
  const postgres = await sharedPostgres();
  const { name: database, url, drop } = await postgres.createDatabase(name);
  const owner = `${database}_owner`;
  await postgres.query(`CREATE ROLE ${owner} LOGIN PASSWORD 'x'; ALTER DATABASE ${database} OWNER TO ${owner}`);
  const ownersUrl = url.replace(/\/\/[^@]+@/, `//${owner}:x@`);
  await postgres.query(`ALTER SCHEMA public OWNER TO ${owner}`, [], database);
  await withPostgres(targetOf(ownersUrl), (client) => client.query(sql));
  if (afterwards !== '') await postgres.query(afterwards, [], database);
  return {
    url,
    ownersUrl,
    query: <Row extends object>(text: string) => postgres.query<Row & Record<string, unknown>>(text, [], database),
    async close() {
      await drop();
      await postgres.query(`DROP ROLE ${owner}`);
    },
  };
}

describe('a backup whose content is no longer valid', function () {
  this.timeout(300_000);

  for (const by of ['a superuser', 'an owner'] as const) {
    it(`is rehearsed, and restored by ${by}`, async () => {
      const on = await made('invalid', NO_LONGER_VALID, ORPHAN);
      const url = by === 'a superuser' ? on.url : on.ownersUrl;
      const db = await openTarget(targetOf(url));
      const said: string[] = [];
      try {
        const [before, rows] = [await on.query<Constraint>(CONSTRAINTS), await on.query(ROWS)];
        const backup = await takeBackup(db, join(await temporaryFolder('invalid'), 'b'), OPTIONS);
        const scratch = await db.createScratch({ kind: 'backup', backup }, { runId: 'invalid', server: 'Private' });
        assert.match(scratch.notes.join(' '), /pg_restore alone cannot restore .*violates check constraint/);
        assert.match(scratch.notes.join(' '), /shares.*division by zero/);
        await scratch.drop();
        await on.query('DELETE FROM offers; DROP TABLE uses; DELETE FROM child; DROP MATERIALIZED VIEW fine');
        await restoreBackup(db, backup, { ...RESTORE, onMessage: (text) => said.push(text) });
        assert.deepEqual(await on.query(ROWS), rows);
        const after = await on.query<Constraint>(CONSTRAINTS);
        const mayDiffer = new Set(['future', 'is "ok', 'ahead', 'open', 'to parent']);
        const wanted = before.map((one) => ({
          ...one,
          valid: by === 'a superuser' || !mayDiffer.has(one.name) ? one.valid : false,
        }));
        assert.deepEqual(after, wanted);
        const text = said.join('\n');
        assert.match(
          text,
          /To make later backups restorable, correct the rows, or create the constraint as NOT VALID\./,
        );
        assert.match(
          text,
          /materialized view public\.shares has no rows, because its query failed: division by zero\./,
        );
        for (const { name } of wanted.filter(({ name, valid }) => mayDiffer.has(name) && !valid))
          assert.ok(
            new RegExp(`${name.replace('"', '"+')}.* NOT VALID, because rows violate it`).test(text),
            `${name}: ${text}`,
          );
      } finally {
        for (const { name } of await db.keptDatabases()) await db.dropKept(name);
        await db.close();
        await on.close();
      }
    });
  }

  it('is rehearsed on the same server too, with its rows', async () => {
    const on = await made('invalid', NO_LONGER_VALID, ORPHAN);
    const db = await openTarget(targetOf(on.url));
    try {
      const backup = await takeBackup(db, join(await temporaryFolder('invalid'), 'b'), OPTIONS);
      const scratch = await db.createScratch({ kind: 'backup', backup }, { runId: 'invalid', server: 'SameServer' });
      try {
        assert.match(scratch.notes.join(' '), /future.* NOT VALID.*pg_restore alone cannot restore this backup/s);
        const copy = scratch.database.identity.display.replace(/^.*\//, '');
        const { query } = await sharedPostgres();
        assert.deepEqual(await query(ROWS, [], copy), await on.query(ROWS));
      } finally {
        await scratch.drop();
      }
    } finally {
      await db.close();
      await on.close();
    }
  });

  it('does not stop the migration that corrects it', async () => {
    const on = await made('invalid', NO_LONGER_VALID, ORPHAN);
    const cwd = await temporaryFolder('invalid');
    await mkdir(join(cwd, 'migrations'));
    const sql =
      'ALTER TABLE offers DROP CONSTRAINT future; ALTER TABLE offers ADD CONSTRAINT future CHECK (until > now()) NOT VALID;';
    await writeFile(join(cwd, 'migrations', '0001_n.sql'), `-- migrate:up\n${sql}\n`);
    const report = await safeMigrate({ cwd, databaseUrl: on.ownersUrl, config: false, backups: join(cwd, 'backups') });
    assert.equal(report.result, 'succeeded', report.message);
    assert.equal(report.rehearsal?.result, 'Full', report.rehearsal?.message);
    await on.close();
  });
});

describe('functions and dictionaries that name others without a schema', function () {
  this.timeout(300_000);

  it('are restored in place by an ordinary owner', async () => {
    const on = await made(
      'unqualified',
      `CREATE TABLE kinds (word text PRIMARY KEY); INSERT INTO kinds VALUES ('a'); CREATE FUNCTION kind_known(w text) RETURNS boolean LANGUAGE sql AS $$ SELECT EXISTS (SELECT 1 FROM kinds WHERE word = w) $$;
       CREATE TABLE things (kind text CHECK (kind_known(kind))); INSERT INTO things VALUES ('a');
       CREATE TEXT SEARCH DICTIONARY plain (TEMPLATE = simple); CREATE TEXT SEARCH DICTIONARY synonyms (TEMPLATE = thesaurus, DictFile = thesaurus_sample, Dictionary = plain)`,
    );
    const db = await openTarget(targetOf(on.ownersUrl));
    const said: string[] = [];
    try {
      const backup = await takeBackup(db, join(await temporaryFolder('unqualified'), 'b'), OPTIONS);
      await on.query('DROP TABLE things; DROP TEXT SEARCH DICTIONARY synonyms');
      await restoreBackup(db, backup, { ...RESTORE, onMessage: (text) => said.push(text) });
      const found = `SELECT kind, dictname FROM things, pg_ts_dict WHERE dictname = 'synonyms'`;
      assert.deepEqual(await on.query(found), [{ kind: 'a', dictname: 'synonyms' }]);
      assert.match(said.join(' '), /A function uses table names without a schema/);
    } finally {
      await db.close();
      await on.close();
    }
  });
});

/** Event triggers that record every statement, in each state. */
const AUDIT = `CREATE SCHEMA audit; CREATE TABLE audit.ddl (n int GENERATED ALWAYS AS IDENTITY, tag text); GRANT USAGE ON SCHEMA audit TO PUBLIC; GRANT SELECT ON audit.ddl TO PUBLIC; GRANT SELECT ON ALL SEQUENCES IN SCHEMA audit TO PUBLIC;
  CREATE FUNCTION audit.log() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN INSERT INTO audit.ddl (tag) VALUES (tg_tag); END $$;
  CREATE EVENT TRIGGER audit_end ON ddl_command_end EXECUTE FUNCTION audit.log(); CREATE EVENT TRIGGER audit_drop ON sql_drop EXECUTE FUNCTION audit.log(); ALTER EVENT TRIGGER audit_drop ENABLE ALWAYS;
  CREATE EVENT TRIGGER audit_replica ON ddl_command_end EXECUTE FUNCTION audit.log(); ALTER EVENT TRIGGER audit_replica ENABLE REPLICA; CREATE EVENT TRIGGER audit_off ON ddl_command_start EXECUTE FUNCTION audit.log(); ALTER EVENT TRIGGER audit_off DISABLE;
  CREATE EXTENSION pg_trgm; COMMENT ON EXTENSION pg_trgm IS 'ours'`;
const AUDITED = `SELECT (SELECT count(*)::int FROM audit.ddl) AS rows, (SELECT last_value::int FROM audit.ddl_n_seq) AS last, (SELECT string_agg(evtname || evtenabled::text, ' ' ORDER BY evtname) FROM pg_event_trigger) AS states`;

describe('event triggers that record statements', function () {
  this.timeout(300_000);

  it('record nothing of a rehearsal, nor of a restore by a superuser', async () => {
    const on = await made('audit', 'CREATE TABLE t (id int)', AUDIT);
    const db = await openTarget(targetOf(on.url));
    const said: string[] = [];
    try {
      const before = await on.query(AUDITED);
      const backup = await takeBackup(db, join(await temporaryFolder('audit'), 'b'), OPTIONS);
      await on.query('DROP TABLE t');
      await restoreBackup(db, backup, { ...RESTORE, onMessage: (text) => said.push(text) });
      assert.deepEqual(await on.query(AUDITED), before);
      assert.equal((await db.keptDatabases()).length, 1, said.join('\n'));
      const scratch = await db.createScratch({ kind: 'backup', backup }, { runId: 'audit', server: 'Private' });
      const { host } = scratch.database.identity as { host?: string };
      const folder = host ?? /\?host=(\/.+)$/.exec(scratch.database.identity.display)?.[1] ?? '';
      const { user, name } = { user: (await sharedPostgres()).user, name: on.url.replace(/^.*\//, '') };
      const copied = await withPostgres(targetOf(on.url), async (client) => (await client.query(AUDITED)).rows, {
        host: folder,
        port: 5432,
        user,
        password: undefined,
        database: name,
      }).finally(() => scratch.drop());
      assert.deepEqual(copied, before);
    } finally {
      for (const { name } of await db.keptDatabases()) await db.dropKept(name);
      await db.close();
      await on.close();
    }
  });

  it('run during a restore by an owner, which says so before, and restores everything else', async () => {
    const on = await made('audit', 'CREATE TABLE t (id int); INSERT INTO t VALUES (1)', AUDIT);
    const db = await openTarget(targetOf(on.ownersUrl));
    const said: string[] = [];
    try {
      const backup = await takeBackup(db, join(await temporaryFolder('audit'), 'b'), OPTIONS);
      const [before] = await on.query<{ rows: number }>(AUDITED);
      await withPostgres(targetOf(on.ownersUrl), (client) => client.query('DROP TABLE t'));
      await restoreBackup(db, backup, { ...RESTORE, onMessage: (text) => said.push(text) });
      assert.deepEqual(await on.query('SELECT id FROM t'), [{ id: 1 }]);
      const [after] = await on.query<{ rows: number }>(AUDITED);
      assert.ok((after?.rows ?? 0) > (before?.rows ?? 0));
      assert.match(
        said.join('\n'),
        /The event triggers audit_drop, audit_end of other roles run during the restore\..*audit\.ddl, audit\.ddl_n_seq stay as they are/,
      );
    } finally {
      await db.close();
      await on.close();
    }
  });
});
