import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { restoreBackup } from '../../../src/backups/restore.ts';
import { takeBackup } from '../../../src/backups/take.ts';
import { safeMigrate } from '../../../src/library/safe-migrate.ts';
import { OPTIONS, openTarget, targetOf } from '../../backups/fixtures.ts';
import { problem } from '../../backups/problems.ts';
import { temporaryFolder } from '../../support/databases.ts';
import { sharedPostgres, startPostgres } from '../../support/postgres.ts';

const RESTORE = { safetyBackup: false, now: OPTIONS.now, terminateSessions: true } as const;

/** A database of a role, or of a group that the role acts as, with a table. */
async function owned(rights: string, group?: string) {
  const postgres = await sharedPostgres();
  const { name, url, drop } = await postgres.createDatabase('around');
  const [login, owner] = [`${name}_login`, group === undefined ? `${name}_login` : `${name}_${group}`];
  await postgres.query(`CREATE ROLE ${login} LOGIN ${rights} PASSWORD 'x'`);
  if (owner !== login) {
    await postgres.query(`CREATE ROLE ${owner} ${rights.replace('NOINHERIT', '')}`);
    await postgres.query(`GRANT ${owner} TO ${login}; ALTER ROLE ${login} SET role = '${owner}'`);
  }
  await postgres.query(`ALTER DATABASE ${name} OWNER TO ${owner}`);
  const sql = (text: string) => postgres.query<Record<string, unknown>>(text, [], name);
  // Before 15 every role may create in it, and only the superuser who owns it could grant it in a new database.
  if (postgres.version >= 150_000) await sql(`GRANT ALL ON SCHEMA public TO ${owner}`);
  await sql(`CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1);
    ALTER TABLE t OWNER TO ${owner}`);
  return {
    sql,
    login,
    owner,
    url: url.replace(/\/\/[^@]+@/, `//${login}:x@`),
    async close() {
      await drop();
      await postgres.query(`DROP ROLE ${login}`);
      if (owner !== login) await postgres.query(`DROP ROLE ${owner}`);
    },
  };
}

describe('a role whose settings', function () {
  this.timeout(120_000);

  it('make it act as the owner, which it does not inherit: migrations are rehearsed and run as the owner', async () => {
    const made = await owned('NOINHERIT', 'group');
    const cwd = await temporaryFolder('around');
    await mkdir(join(cwd, 'migrations'));
    await writeFile(join(cwd, 'migrations', '0001_n.sql'), '-- migrate:up\nCREATE TABLE n (id int);\n');
    const report = await safeMigrate({ cwd, databaseUrl: made.url, config: false, backups: join(cwd, 'backups') });
    assert.equal(report.result, 'succeeded', report.message);
    assert.equal(report.rehearsal?.result, 'Full', report.rehearsal?.message);
    assert.deepEqual(
      await made.sql(`SELECT relname FROM pg_class WHERE relkind = 'r' AND relowner = '${made.login}'::regrole`),
      [],
    );
    await made.close();
  });

  for (const rights of ['CREATEDB', 'NOCREATEDB']) {
    it(`make it read only by default can still restore, with ${rights}`, async () => {
      const made = await owned(rights);
      await made.sql(`ALTER ROLE ${made.login} SET default_transaction_read_only = on;
        CREATE TABLE w (id int GENERATED ALWAYS AS IDENTITY, v text); INSERT INTO w (v) VALUES ('a'); ALTER TABLE w OWNER TO ${made.login}`);
      const db = await openTarget(targetOf(made.url));
      try {
        const backup = await takeBackup(db, join(await temporaryFolder('around'), 'b'), OPTIONS);
        await made.sql('DELETE FROM t; DROP TABLE w');
        await restoreBackup(db, backup, RESTORE);
        assert.deepEqual(await made.sql('SELECT t.id, w.v FROM t, w'), [{ id: 1, v: 'a' }]);
        assert.equal((await db.keptDatabases()).length, rights === 'CREATEDB' ? 1 : 0);
        for (const { name } of await db.keptDatabases()) await db.dropKept(name);
      } finally {
        await db.close();
        await made.close();
      }
    });
  }
});

describe('a restore on a server', function () {
  this.timeout(120_000);

  it('with a prepared transaction or a logical slot in the database is refused by name; in a neighbour they do no harm', async () => {
    const server = await startPostgres({ settings: { max_prepared_transactions: '5', wal_level: 'logical' } });
    try {
      const [here, beside] = [await server.createDatabase('here'), await server.createDatabase('beside')];
      for (const { name } of [here, beside]) {
        await server.query('CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)', [], name);
        await server.query(`BEGIN; INSERT INTO t VALUES (2); PREPARE TRANSACTION 'of_${name}'`, [], name);
      }
      const closed = await server.createDatabase('closed');
      await server.query(`ALTER DATABASE ${closed.name} ALLOW_CONNECTIONS false`);
      const db = await openTarget(targetOf(here.url));
      try {
        const backup = await takeBackup(db, join(await temporaryFolder('around'), 'b'), OPTIONS);
        const refused = async () => problem('RestoreFailed', () => restoreBackup(db, backup, RESTORE));
        assert.match(
          await refused(),
          new RegExp(`Prepared transactions hold locks.*COMMIT PREPARED 'of_${here.name}'.*is unchanged`),
        );
        await server.query(`COMMIT PREPARED 'of_${here.name}'`, [], here.name);
        await restoreBackup(db, backup, RESTORE);
        assert.deepEqual(await server.query('SELECT id FROM t', [], here.name), [{ id: 1 }]);
        // To create a slot waits for every transaction of the server.
        await server.query(`COMMIT PREPARED 'of_${beside.name}'`, [], beside.name);
        await server.query("SELECT pg_create_logical_replication_slot('cdc', 'pgoutput')", [], here.name);
        assert.match(await refused(), /replication slots cdc .*pg_drop_replication_slot.*is unchanged/);
      } finally {
        await db.close();
      }
    } finally {
      await server.stop();
    }
  });
});
