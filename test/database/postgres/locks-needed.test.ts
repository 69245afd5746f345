import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { restoreBackup } from '../../../src/backups/restore.ts';
import { takeBackup } from '../../../src/backups/take.ts';
import { ProblemError } from '../../../src/core/model/problem.ts';
import { generateMigration } from '../../../src/index.ts';
import { OPTIONS, openTarget, targetOf } from '../../backups/fixtures.ts';
import { temporaryFolder } from '../../support/databases.ts';
import { type PrivatePostgres, startPostgres } from '../../support/postgres.ts';

const RESTORE = { safetyBackup: false, now: OPTIONS.now } as const;

describe('a database with more tables than one transaction can hold locks for', function () {
  this.timeout(300_000);
  let server: PrivatePostgres;
  before(async () => {
    server = await startPostgres({ settings: { max_locks_per_transaction: '10', max_connections: '20' } });
  });
  after(() => server.stop());

  async function withTables(tables: number, rights: string) {
    const { name, url } = await server.createDatabase('tables');
    await server.query(`CREATE ROLE ${name} LOGIN ${rights} PASSWORD 'x'; ALTER DATABASE ${name} OWNER TO ${name}`);
    const db = await openTarget(targetOf(url.replace(/\/\/[^@]+@/, `//${name}:x@`)));
    const sql = (text: string) => server.query<{ n: number }>(text, [], name);
    await sql(`CREATE PROCEDURE make(owner text) LANGUAGE plpgsql AS $$ BEGIN FOR i IN 1..${tables} LOOP
        EXECUTE format('CREATE TABLE t%s (id int PRIMARY KEY, a text DEFAULT ''x'')', i); EXECUTE format('ALTER TABLE t%s OWNER TO %I', i, owner);
        COMMIT; END LOOP; END $$`);
    await sql(`CALL make('${name}')`);
    await sql('DROP PROCEDURE make');
    return { db, sql, backup: await takeBackup(db, join(await temporaryFolder('tables'), 'b'), OPTIONS) };
  }

  const check = async (db: Awaited<ReturnType<typeof withTables>>['db']) =>
    (await db.checks({ restore: { terminateSessions: false } })).find(({ name }) => name === 'onFailure: Restore');

  it('is refused in place before anything is written, and by the check, with what to set', async () => {
    const { db, sql, backup } = await withTables(80, 'NOCREATEDB');
    const says = /needs about \d+ locks, and the server has 4\d\d\..*CREATEDB, or set max_locks_per_transaction to 64/;
    await assert.rejects(
      restoreBackup(db, backup, RESTORE),
      (error) => error instanceof ProblemError && error.problem.reason === 'RestoreFailed' && says.test(error.message),
    );
    const found = await check(db);
    assert.equal(found?.result, 'failed');
    assert.match(found.message, says);
    assert.deepEqual(await sql("SELECT count(*)::int AS n FROM pg_class WHERE relkind = 'r' AND oid >= 16384"), [
      { n: 80 },
    ]);
    await db.close();
  });

  it('is restored where the role may create databases, and copied to a private server', async () => {
    const { db, sql, backup } = await withTables(80, 'CREATEDB');
    assert.equal((await check(db))?.result, 'passed');
    const copy = await db.createScratch({ kind: 'backup', backup }, { runId: 'locks', server: 'Private' });
    assert.deepEqual(copy.notes, []);
    await copy.drop();
    await sql('DROP TABLE t7');
    await restoreBackup(db, backup, RESTORE);
    assert.deepEqual(await sql("SELECT count(*)::int AS n FROM pg_class WHERE relkind = 'r' AND oid >= 16384"), [
      { n: 80 },
    ]);
    await db.close();
  });

  it('with fewer tables is restored in place', async () => {
    const { db, sql, backup } = await withTables(30, 'NOCREATEDB');
    assert.equal((await check(db))?.result, 'passed');
    await sql('DROP TABLE t7');
    await restoreBackup(db, backup, RESTORE);
    assert.deepEqual(await sql("SELECT count(*)::int AS n FROM pg_class WHERE relname = 't7'"), [{ n: 1 }]);
    await db.close();
  });

  it('is not generated as one migration: the message says why and what to do', async () => {
    const folder = await temporaryFolder('generate');
    await mkdir(join(folder, 'migrations'));
    await writeFile(
      join(folder, 'models.cjs'),
      `module.exports = (sequelize, { INTEGER }) => {
        for (let i = 0; i < 900; i++) sequelize.define('m' + i, { id: { type: INTEGER, primaryKey: true } }, { tableName: 'm' + i, timestamps: false });
      };`,
    );
    const { url } = await server.createDatabase('generate');
    await assert.rejects(
      generateMigration({
        databaseUrl: url,
        cwd: folder,
        migrations: 'migrations',
        models: 'models.cjs',
        message: 'all',
      }),
      (error) => {
        assert.ok(error instanceof ProblemError);
        assert.equal(error.problem.reason, 'MigrationFailed', error.message);
        assert.match(error.message, /needs more locks .* nothing was written\. .*increase max_locks_per_transaction/);
        return true;
      },
    );
    assert.deepEqual(await readdir(join(folder, 'migrations')), []);
  });
});
