import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ProblemError } from '../../../src/core/model/problem.ts';
import { openDatabase } from '../../../src/database/open.ts';
import type { Database } from '../../../src/database/port.ts';
import { upgradeDatabase } from '../../../src/library/migrate.ts';
import { query, targetOf } from '../../engine/request.ts';
import { temporaryFolder } from '../../support/databases.ts';
import { findPgBouncer, startPgBouncer } from '../../support/pgbouncer.ts';
import { sharedPostgres } from '../../support/postgres.ts';
import { assertDone, migrate, migration, sql } from '../migration-fixtures.ts';

// PgBouncer is optional on a developer's machine; CI installs it.
const describeIfInstalled = findPgBouncer() || process.env.CI === 'true' ? describe : describe.skip;

describeIfInstalled('a pooler in statement mode', function () {
  this.timeout(60_000);
  const work: [what: string, run: (database: Database) => Promise<unknown>][] = [
    ['the lock', (database) => database.lock({ waitMs: 1_000, runId: 'r', holder: 'me' })],
    ['the history', (database) => database.history.ensure()],
    ['writing the history', (database) => database.history.put([])],
  ];
  for (const [what, run] of work) {
    it(`is refused by its name when it meets ${what}`, async () => {
      await through('statement', async (database) => {
        const error = await run(database).then(
          () => assert.fail('it was accepted'),
          (thrown: unknown) => thrown,
        );
        assert.ok(error instanceof ProblemError, String(error));
        assert.equal(error.problem.reason, 'PoolerUnsupported');
        assert.match(error.message, /pooler in statement mode/);
      });
    });
  }

  it('is refused before a migration runs', async () => {
    const folder = await temporaryFolder('statement-mode');
    await writeFile(join(folder, '1_t.sql'), 'CREATE TABLE t (n int);');
    await through('statement', async (database, databaseUrl) => {
      const error = await upgradeDatabase({ databaseUrl, migrations: folder, env: {}, config: false }).then(
        () => assert.fail('it was accepted'),
        (thrown: unknown) => thrown,
      );
      assert.equal(error instanceof ProblemError && error.problem.reason, 'PoolerUnsupported');
      assert.deepEqual((await database.snapshot()).tables, []);
    });
  });

  it('is not what a pool in session mode is', async () => {
    await through('session', async (database) => {
      await database.history.ensure();
      const lock = await database.lock({ waitMs: 1_000, runId: 'r', holder: 'me' });
      await lock.release();
    });
  });

  it('is not what a pool in session mode is for many migrations, each of which begins with the same settings', async () => {
    await through('session', async (database) => {
      await database.history.ensure();
      const change = "SELECT set_config('search_path', 'pg_catalog', false), set_config('lock_timeout', '1', false)";
      const count = 12;
      const insert = (n: number) =>
        migration(
          sql(`INSERT INTO t SELECT ${n}, current_setting('search_path'), current_setting('lock_timeout')`, change),
        );
      const table = migration(sql('CREATE TABLE t (n int, path text, lock text)'));
      assertDone(await migrate(database, [table, ...Array.from({ length: count }, (_, n) => insert(n))]));
      const rows = await query(database, 'SELECT path, lock, count(*)::int AS n FROM t GROUP BY 1, 2');
      assert.deepEqual(rows, [{ path: 'public', lock: '400ms', n: count }]);
    });
  });
});

async function through(
  mode: 'statement' | 'session',
  use: (database: Database, url: string) => Promise<void>,
): Promise<void> {
  const postgres = await sharedPostgres();
  const { name, drop } = await postgres.createDatabase('pooled');
  const bouncer = await startPgBouncer(postgres, mode);
  try {
    const timeouts = { connect: 5_000, lock: 1_000, statement: 0, run: 0 };
    const database = await openDatabase(targetOf(bouncer.url(name)), { timeouts, applicationName: 'db-manager test' });
    await use(database, bouncer.url(name)).finally(() => database.close().catch(() => {}));
  } finally {
    await bouncer.stop();
    await drop();
  }
}
