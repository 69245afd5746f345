import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Database } from '../../src/database/port.ts';
import { upgradeDatabase } from '../../src/library/migrate.ts';
import { look, query } from '../engine/request.ts';
import { deployment, execute, sql, VERSION_1 } from '../library/going-back-fixtures.ts';
import { DIALECTS, type TestDialect } from '../support/databases.ts';

const LONG = process.env.DB_MANAGER_FAULTS === 'long';
const KILLS = LONG ? 50 : 8;
const ROWS = 2_000;

/** The table as the commit before layout 2 created it. */
const LAYOUT_1 = {
  postgres: `CREATE TABLE db_manager_history (
        sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        revision text NOT NULL UNIQUE,
        checksum text,
        applied_at timestamptz NOT NULL,
        duration_ms integer NOT NULL,
        run_id text NOT NULL,
        tool_version text NOT NULL,
        state text NOT NULL CHECK (state IN ('applied', 'started', 'reverting'))
      )`,
  sqlite: `CREATE TABLE db_manager_history (
  sequence INTEGER PRIMARY KEY,
  revision TEXT NOT NULL UNIQUE,
  checksum TEXT,
  applied_at TEXT NOT NULL,
  duration_ms INTEGER NOT NULL,
  run_id TEXT NOT NULL,
  tool_version TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('applied', 'started', 'reverting'))
)`,
} satisfies Record<TestDialect, string>;

/** What the commit before sends for a row. */
const INSERT_1 = (revision: string, n: number) =>
  `INSERT INTO db_manager_history (revision, checksum, applied_at, duration_ms, run_id, tool_version, state)
   VALUES ('${revision}', 'sha256:${n}', '2026-01-01T00:00:00.000Z', ${n}, 'run ${n}', '0.1.0', 'applied')
   ON CONFLICT (revision) DO UPDATE SET checksum = excluded.checksum, applied_at = excluded.applied_at,
     duration_ms = excluded.duration_ms, run_id = excluded.run_id, tool_version = excluded.tool_version, state = excluded.state`;

const nameOf = (n: number) => `${String(n).padStart(5, '0')}_step`;

async function withLayout1(dialect: TestDialect, rows: number) {
  const here = await deployment(dialect);
  await here.look(async (database) => {
    await execute(database, LAYOUT_1[dialect]);
    const values = Array.from(
      { length: rows },
      (_, n) => `('${nameOf(n)}', 'sha256:${n}', '2026-01-01T00:00:00.000Z', ${n}, 'run ${n}', '0.1.0', 'applied')`,
    );
    await execute(
      database,
      `INSERT INTO db_manager_history (revision, checksum, applied_at, duration_ms, run_id, tool_version, state) VALUES ${values.join(', ')}`,
    );
  });
  return here;
}

/** Every row is there, in its order, as it was. */
async function assertRows(database: Database, rows: number): Promise<void> {
  const history = await database.history.read();
  assert.deepEqual(
    history.map(({ revision, checksum, appliedAt, durationMs, runId, toolVersion, state }) =>
      [revision, checksum, appliedAt, durationMs, runId, toolVersion, state].join(' '),
    ),
    Array.from({ length: rows }, (_, n) =>
      [nameOf(n), `sha256:${n}`, '2026-01-01T00:00:00.000Z', n, `run ${n}`, '0.1.0', 'applied'].join(' '),
    ),
  );
  assert.ok(history.every(({ layout }) => layout === 1));
}

function upgradeIn(url: string) {
  const child = spawn(process.execPath, ['test/faults/history-child.ts'], {
    env: { ...process.env, DATABASE_URL: url },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  let output = '';
  child.stderr.on('data', (data) => {
    errors += data;
  });
  child.stdout.on('data', (data) => {
    output += data;
  });
  const begins = new Promise<void>((done) => {
    child.stdout.once('data', () => done());
    child.once('close', () => done());
  });
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, errors, output }));
  return { child, begins, ended };
}

/** Milliseconds of an upgrade that nothing disturbs. */
async function timeOfUpgrade(dialect: TestDialect): Promise<number> {
  const here = await withLayout1(dialect, ROWS);
  // Its own measurement: both of its lines may arrive at once.
  const { output, errors } = await upgradeIn(here.url).ended;
  const took = /^done after (\d+) ms$/m.exec(output)?.[1];
  assert.ok(took, errors);
  return Number(took);
}

for (const dialect of DIALECTS) {
  describe(`the upgrade of a history of layout 1 on ${dialect}`, function () {
    this.timeout(LONG ? 900_000 : 180_000);

    it('by eight concurrent writers keeps every row, and happens once', async () => {
      const here = await withLayout1(dialect, ROWS);
      const writers = Array.from({ length: 8 }, () => upgradeIn(here.url));
      for (const { code, errors } of await Promise.all(writers.map(({ ended }) => ended)))
        assert.equal(code, 0, errors);
      await here.look((database) => assertRows(database, ROWS));
    });

    it(`killed with SIGKILL at ${KILLS} points leaves the rows, and the next one completes`, async () => {
      const takes = await timeOfUpgrade(dialect);
      const layouts = { before: 0, after: 0 };
      for (let kill = 0; kill < KILLS; kill += 1) {
        const here = await withLayout1(dialect, ROWS);
        const { child, begins, ended } = upgradeIn(here.url);
        await begins;
        // Points of equal distance, the last ones after the end of an undisturbed upgrade.
        await new Promise((done) => setTimeout(done, ((kill + 0.5) / KILLS) * takes * 1.3));
        child.kill('SIGKILL');
        await ended;
        await here.look(async (database) => {
          const [row] = await database.history.read();
          layouts[row?.source === undefined ? 'before' : 'after'] += 1;
          await assertRows(database, ROWS);
          await database.history.ensure();
          await assertRows(database, ROWS);
          const [upgraded] = await database.history.read();
          assert.notEqual(upgraded?.source, undefined);
        });
      }
      console.log(`      ${KILLS} kills: ${layouts.before} before its commit, ${layouts.after} after it`);
    });

    it('is read without being upgraded, and a writer upgrades it and continues', async () => {
      const here = await withLayout1(dialect, 3);
      const files = Object.fromEntries(Array.from({ length: 3 }, (_, n) => [`${nameOf(n)}.sql`, sql('SELECT 1;')]));
      await here.deploy({ ...files, '00003_orders.sql': VERSION_1['0001_orders.sql'] });
      await here.look(async (database) => {
        await database.history.read();
        assert.equal((await database.history.sources(['00000_step' as never])).size, 0);
        const [row] = await database.history.read();
        assert.equal(row?.source, undefined, 'a reader writes nothing');
        // The files are not those of the rows.
        await execute(database, 'UPDATE db_manager_history SET checksum = NULL');
      });
      await upgradeDatabase(here.options);
      const history = await here.look((database) => database.history.read());
      assert.deepEqual(
        history.map(({ layout, source }) => [layout, source?.format]),
        [...Array.from({ length: 3 }, () => [1, undefined]), [2, 'gzip-1']],
      );
    });

    it('does not break an older version: it reads, writes and reverts as before, and the new one reports what it lacks', async () => {
      const here = await deployment(dialect, VERSION_1);
      await upgradeDatabase(here.options);
      await here.look(async (database) => {
        // The statements of the commit before.
        await execute(database, INSERT_1('0002_old', 2));
        await execute(database, INSERT_1('0001_orders', 1));
        await execute(database, "DELETE FROM db_manager_history WHERE revision = '0002_old'");
        await execute(database, INSERT_1('0002_old', 3));
      });
      const rows = await here.look((database) => database.history.read());
      assert.deepEqual(
        rows.map(({ revision, layout, source }) => [revision, layout, source?.format]),
        [
          ['0001_orders', 2, 'gzip-1'],
          ['0002_old', 1, undefined],
        ],
      );
    });

    it('that a newer version made later is used, with the columns that this version knows', async () => {
      const here = await deployment(dialect, VERSION_1);
      await upgradeDatabase(here.options);
      await here.look(async (database) => {
        await execute(database, 'ALTER TABLE db_manager_history ADD COLUMN later text');
        await execute(database, "UPDATE db_manager_history SET layout = 7, later = 'x'");
      });
      await here.deploy({ ...VERSION_1, '0002_x.sql': sql('SELECT 1;') });
      await upgradeDatabase(here.options);
      const kept = await look(here.url, (database) =>
        query<{ later: string | null }>(database, 'SELECT later FROM db_manager_history ORDER BY sequence'),
      );
      assert.deepEqual(
        kept.map(({ later }) => later),
        ['x', null],
      );
    });
  });
}
