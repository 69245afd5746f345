import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { backupDatabase, restoreDatabase } from '../../src/library/backups.ts';
import { safeMigrate } from '../../src/library/safe-migrate.ts';
import { project } from '../cli/fixtures.ts';
import { sharedPostgres } from '../support/postgres.ts';

/** In a transaction, outside of one, and by code. */
const FILES = {
  'migrations/1_a.sql': '-- migrate:up\nCREATE TABLE a (id bigint PRIMARY KEY);\n',
  'migrations/2_b.sql': '-- migrate:up transaction:false\nCREATE INDEX CONCURRENTLY i ON a (id);\n',
  'migrations/3_c.mjs':
    "export async function up({ context }) { await context.sequelize.query('CREATE TABLE c (id bigint PRIMARY KEY)'); }\n",
};

describe('a role that may have few connections', function () {
  this.timeout(60_000);

  for (const [server, enough] of [
    ['Private', 5],
    ['SameServer', 5 + Math.min(4, availableParallelism())],
  ] as const) {
    it(`is refused by the check or runs through, and never fails in the middle: ${server}`, async () => {
      const here = await project('postgres');
      for (const [name, text] of Object.entries(FILES)) await here.write(name, text);
      const postgres = await sharedPostgres();
      const database = new URL(here.url).pathname.slice(1);
      const role = `${database}_few`;
      await postgres.query(`CREATE ROLE ${role} LOGIN CREATEDB PASSWORD 'x' CONNECTION LIMIT ${enough - 1}`);
      await postgres.query(`ALTER DATABASE ${database} OWNER TO ${role}`);
      const options = {
        cwd: here.folder,
        databaseUrl: here.url.replace(/\/\/[^@]+@/, `//${role}:x@`),
        rehearsalServer: server,
      };
      const refused = await safeMigrate(options);
      assert.equal(refused.reason, 'CheckFailed', refused.message);
      assert.match(refused.message, new RegExp(`ALTER ROLE "${role}" CONNECTION LIMIT ${enough};`));
      assert.equal(refused.touched, false);
      await postgres.query(`ALTER ROLE ${role} CONNECTION LIMIT ${enough}`);
      const report = await safeMigrate(options);
      assert.equal(report.result, 'succeeded', report.message);
    });
  }

  it('reports the reason, and not an internal error, if no check comes before', async () => {
    const here = await project('postgres');
    const postgres = await sharedPostgres();
    const database = new URL(here.url).pathname.slice(1);
    const role = `${database}_few`;
    await postgres.query(`CREATE ROLE ${role} LOGIN CREATEDB PASSWORD 'x' CONNECTION LIMIT 1`);
    await postgres.query(`ALTER DATABASE ${database} OWNER TO ${role}`);
    const options = { cwd: here.folder, databaseUrl: here.url.replace(/\/\/[^@]+@/, `//${role}:x@`) };
    const few = (error: unknown) =>
      /DatabaseUnreachable|BackupFailed|RestoreFailed/.test(
        String((error as { problem?: { reason: string } }).problem?.reason),
      ) && /too many connections for role/.test((error as Error).message);
    await assert.rejects(backupDatabase({ ...options, backups: join(here.folder, 'b') }), few);
    await postgres.query(`ALTER ROLE ${role} CONNECTION LIMIT 5`);
    await backupDatabase({ ...options, backups: join(here.folder, 'b') });
    for (const limit of [1, 2, 3]) {
      await postgres.query(`ALTER ROLE ${role} CONNECTION LIMIT ${limit}`);
      await assert.rejects(restoreDatabase({ ...options, backups: join(here.folder, 'b'), file: 'latest' }), few);
    }
  });
});
