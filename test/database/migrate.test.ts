import assert from 'node:assert/strict';
import type { QueryInterface, Transaction } from 'sequelize';
import { openDatabase } from '../../src/database/open.ts';
import type { Database } from '../../src/database/port.ts';
import { targetOf } from '../engine/request.ts';
import { DIALECTS, temporaryDatabase } from '../support/databases.ts';
import { code, migrate, migration, numbers, openReady, sql, TIMEOUTS } from './migration-fixtures.ts';

for (const dialect of DIALECTS) {
  describe(`migrating ${dialect}`, () => {
    const opened: Database[] = [];
    const open = async (url?: string) => {
      const at = url ?? (await temporaryDatabase(dialect)).url;
      const database = await openReady(at);
      opened.push(database);
      return { database, url: at };
    };
    const table = migration(sql('CREATE TABLE t (n INTEGER)'), { name: '0_table' });
    afterEach(async () => {
      for (const database of opened.splice(0)) await database.close();
    });

    it('rolls back the whole migration and its history row when its last statement fails', async () => {
      const { database } = await open();
      const bad = migration(
        sql('INSERT INTO t VALUES (1)', 'CREATE TABLE u (x INTEGER)', 'INSERT INTO nowhere VALUES (1)'),
      );
      const outcome = await migrate(database, [table, bad]);
      assert.equal(outcome.kind, 'failed');
      if (outcome.kind !== 'failed') return;
      assert.equal(outcome.problem.position?.line, 5);
      assert.match(outcome.problem.statement ?? '', /nowhere/);
      assert.deepEqual(await numbers(database), []);
      assert.deepEqual(
        (await database.snapshot()).tables.map(({ name }) => name),
        ['t'],
      );
      assert.deepEqual(
        (await database.history.read()).map(({ revision }) => revision),
        ['0_table'],
      );
    });

    it('takes queries that name no transaction, of models and of the query interface, into the migration', async () => {
      const { database } = await open();
      const outcome = await migrate(database, [
        table,
        migration(
          code(async (q) => {
            await q.bulkInsert('t', [{ n: 1 }, { n: 2 }]);
            await q.sequelize.query('INSERT INTO t VALUES (3)');
            const T = q.sequelize.define(
              't',
              { n: { type: 'INTEGER', primaryKey: true } },
              { timestamps: false, freezeTableName: true },
            );
            await T.create({ n: 4 });
            throw new Error('on purpose');
          }),
        ),
      ]);
      assert.equal(outcome.kind, 'failed');
      assert.deepEqual(await numbers(database), []);
    });

    it("makes a migration's own transactions savepoints of ours", async () => {
      const { database } = await open();
      const own = (n: number, end: (t: Transaction) => Promise<void>) => async (q: QueryInterface) => {
        const transaction = await q.sequelize.transaction();
        await q.bulkInsert('t', [{ n }], { transaction });
        await end(transaction);
      };
      const managed = (q: QueryInterface) =>
        q.sequelize.transaction((transaction) => q.bulkInsert('t', [{ n: 3 }], { transaction }));
      const done = await migrate(database, [
        table,
        migration(code(own(1, (t) => t.commit()))),
        migration(code(own(2, (t) => t.rollback()))),
        migration(code(managed)),
      ]);
      assert.equal(done.kind, 'done', done.kind === 'failed' ? done.problem.message : '');
      assert.deepEqual(await numbers(database), [1, 3]);
      const failed = await migrate(database, [
        migration(
          code(async (q) => {
            await own(9, (t) => t.commit())(q);
            throw new Error('after its commit');
          }),
        ),
      ]);
      assert.equal(failed.kind, 'failed');
      assert.deepEqual(await numbers(database), [1, 3], 'what it committed went with our rollback');
    });

    it('applies all or nothing in a single transaction', async () => {
      const { database } = await open();
      const outcome = await migrate(
        database,
        [table, migration(sql('INSERT INTO t VALUES (1)')), migration(sql('nonsense'))],
        { singleTransaction: true },
      );
      assert.equal(outcome.kind, 'failed');
      assert.deepEqual(outcome.done, []);
      assert.deepEqual(await database.history.read(), []);
      assert.deepEqual((await database.snapshot()).tables, []);
    });

    it('leaves a started row behind a migration without a transaction that failed halfway, and none when nothing ran', async () => {
      const { database } = await open();
      await migrate(database, [table]);
      const nothing = await migrate(database, [migration(sql('nonsense'), { transaction: false })]);
      assert.equal(nothing.kind === 'failed' && nothing.touched, false);
      assert.deepEqual(
        (await database.history.read()).map(({ state }) => state),
        ['applied'],
      );
      const half = await migrate(database, [
        migration(sql('INSERT INTO t VALUES (1)', 'nonsense'), { transaction: false }),
      ]);
      assert.equal(half.kind === 'failed' && half.touched, true);
      assert.deepEqual(
        (await database.history.read()).map(({ state }) => state),
        ['applied', 'started'],
      );
      assert.deepEqual(await numbers(database), [1]);
    });

    it('tries a migration again that could not get its lock, as a whole', async function () {
      this.timeout(20_000);
      const { database, url } = await open();
      await migrate(database, [table]);
      const blocker = await open(url);
      const other = blocker.database.sequelize as {
        query(sql: string, options?: object): Promise<unknown>;
        transaction(): Promise<Transaction>;
      };
      const transaction = await other.transaction();
      await other.query('INSERT INTO t VALUES (100)', { transaction });
      const told: string[] = [];
      const running = migrate(
        database,
        [migration(sql('INSERT INTO t VALUES (1)', 'ALTER TABLE t ADD COLUMN extra INTEGER'))],
        {
          onRetry: (message) => void told.push(message),
        },
      );
      await new Promise((resolve) => setTimeout(resolve, 1_200));
      await transaction.commit();
      const outcome = await running;
      assert.equal(outcome.kind, 'done', outcome.kind === 'failed' ? outcome.problem.message : '');
      assert.ok(told.length > 0);
      assert.deepEqual(await numbers(database), [1, 100]);
    });

    it('stops between two migrations when it is asked to', async () => {
      const { database } = await open();
      const stop = new AbortController();
      const outcome = await migrate(database, [table, migration(sql('INSERT INTO t VALUES (1)'))], {
        signal: stop.signal,
        onStart: () => stop.abort(),
      });
      assert.equal(outcome.kind, 'stopped');
      assert.equal(outcome.done.length, 1);
      assert.deepEqual(await numbers(database), []);
    });
  });
}

describe('migrating PostgreSQL alone', () => {
  it('drops the INVALID index that a failed CREATE INDEX CONCURRENTLY leaves, and reports it', async () => {
    const { url } = await temporaryDatabase('postgres');
    const database = await openDatabase(targetOf(url), { timeouts: TIMEOUTS, applicationName: 'test' });
    try {
      await database.history.ensure();
      const lock = await database.lock({ waitMs: 1_000, runId: 'r', holder: 'test' });
      const outcome = await database.migrate({
        direction: 'up',
        migrations: [
          migration(sql('CREATE TABLE t (n INTEGER)', 'INSERT INTO t VALUES (1), (1)')),
          migration(sql('CREATE UNIQUE INDEX CONCURRENTLY t_n ON t (n)'), { transaction: false }),
        ],
        runId: 'r',
        toolVersion: '0',
        timeouts: TIMEOUTS,
      });
      assert.equal(outcome.kind, 'failed');
      if (outcome.kind !== 'failed') return;
      assert.match(outcome.problem.message, /INVALID index t_n that it left behind was dropped/);
      const [t] = (await database.snapshot()).tables;
      assert.deepEqual(t?.indexes, []);
      assert.deepEqual(
        (await database.history.read()).length,
        1,
        'nothing of it is there, so it may simply be run again',
      );
      await lock.release();
    } finally {
      await database.close();
    }
  });

  it('refuses a pooler in transaction mode and takes one in session mode', async function () {
    this.timeout(30_000);
    const { findPgBouncer, startPgBouncer } = await import('../support/pgbouncer.ts');
    const { sharedPostgres } = await import('../support/postgres.ts');
    assert.ok(await findPgBouncer(), 'PgBouncer is installed (Debian: pgbouncer)');
    const postgres = await sharedPostgres();
    const { name } = await postgres.createDatabase();
    for (const [mode, works] of [
      ['transaction', false],
      ['session', true],
    ] as const) {
      const bouncer = await startPgBouncer(postgres, mode);
      const database = await openDatabase(targetOf(bouncer.url(name)), { timeouts: TIMEOUTS, applicationName: 'test' });
      const locked = await database.lock({ waitMs: 500, runId: 'r', holder: 'test' }).then(
        (lock) => lock.release().then(() => 'locked'),
        (error: { problem?: { reason: string } }) => error.problem?.reason,
      );
      await database.close();
      await bouncer.stop();
      assert.equal(locked, works ? 'locked' : 'PoolerUnsupported', mode);
    }
  });
});
