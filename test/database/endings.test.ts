import assert from 'node:assert/strict';
import type { QueryInterface, Transaction } from 'sequelize';
import type { Database } from '../../src/database/port.ts';
import { DIALECTS, temporaryDatabase } from '../support/databases.ts';
import {
  assertDone,
  code,
  failureOf,
  migrate,
  migration,
  numbers,
  openReady,
  sql,
  states,
} from './migration-fixtures.ts';

const insert = (q: QueryInterface, n: number) => q.sequelize.query(`INSERT INTO t VALUES (${n})`);
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

for (const dialect of DIALECTS) {
  describe(`how a migration ends on ${dialect}`, () => {
    let database: Database;
    beforeEach(async () => {
      database = await openReady((await temporaryDatabase(dialect)).url);
      assertDone(await migrate(database, [migration(sql('CREATE TABLE t (n INTEGER)'), { name: '0_table' })]));
    });
    afterEach(() => database.close());

    for (const text of ['COMMIT', '/* mine */ ROLLBACK', 'commit;']) {
      it(`code may not send ${text} inside the transaction of the run`, async () => {
        const outcome = await migrate(database, [
          migration(
            code(async (q) => {
              await insert(q, 1);
              await q.sequelize.query(text);
            }),
          ),
        ]);
        assert.match(failureOf(outcome), /(COMMIT|ROLLBACK) is not allowed here.*transaction = false/);
        assert.deepEqual(await numbers(database), []);
        assert.deepEqual(await states(database), ['0_table applied']);
      });
    }

    it('queries that were not awaited run before the COMMIT', async () => {
      const slow = migration(
        code(async (q) => {
          await insert(q, 1);
          void insert(q, 2).then(() => insert(q, 3));
        }),
        { name: '1_slow' },
      );
      assertDone(await migrate(database, [slow, migration(code((q) => insert(q, 4)))]));
      assert.deepEqual(await numbers(database), [1, 2, 3, 4]);
    });

    it('a failed query that was not awaited fails its migration', async () => {
      const outcome = await migrate(database, [
        migration(
          code(async (q) => {
            await insert(q, 1);
            void q.sequelize.query('INSERT INTO nowhere VALUES (1)');
          }),
          { name: '1_careless' },
        ),
      ]);
      assert.match(failureOf(outcome), /nowhere/);
      assert.equal(outcome.kind === 'failed' && outcome.problem.migration, '1_careless');
      assert.deepEqual(await numbers(database), []);
    });

    it('outside our transaction its own are real ones', async () => {
      const own = (n: number, end: (t: Transaction) => Promise<void>) => async (q: QueryInterface) => {
        const transaction = await q.sequelize.transaction();
        await q.bulkInsert('t', [{ n }], { transaction });
        await end(transaction);
      };
      const managed = (n: number) => (q: QueryInterface) =>
        q.sequelize.transaction(async (transaction) => {
          await q.bulkInsert('t', [{ n }], { transaction });
          if (n > 9) throw new Error('on purpose');
        });
      const outcome = await migrate(database, [
        migration(code(own(1, (t) => t.commit())), { transaction: false }),
        migration(code(own(2, (t) => t.rollback())), { transaction: false }),
        migration(code(managed(3)), { transaction: false }),
        migration(code(managed(10)), { transaction: false, name: '9_bad' }),
      ]);
      assert.match(failureOf(outcome), /on purpose/);
      assert.deepEqual(await numbers(database), [1, 3]);
      assert.equal((await states(database)).at(-1), '9_bad started');
    });

    it('a transaction that it leaves open is rolled back and fails it', async () => {
      const left = [sql('BEGIN', 'INSERT INTO t VALUES (1)'), code((q) => q.sequelize.transaction().then(() => {}))];
      for (const body of left) {
        const outcome = await migrate(database, [migration(body, { transaction: false, name: '1_open' })]);
        assert.match(failureOf(outcome), /left a transaction open, which was rolled back/);
        assert.deepEqual(await numbers(database), []);
        assert.deepEqual(await states(database), ['0_table applied', '1_open started']);
        await database.history.remove(['1_open']);
      }
    });

    it('is rolled back as a whole and tried again where it waits for a lock, also outside a transaction', async () => {
      const other = database.sequelize as { transaction(): Promise<Transaction> } & QueryInterface['sequelize'];
      const transaction = await other.transaction();
      await other.query('INSERT INTO t VALUES (100)', { transaction });
      const told: string[] = [];
      const outside = migration(sql('ALTER TABLE t ADD COLUMN extra INTEGER'), { transaction: false });
      const running = migrate(database, [outside], { onRetry: (message) => void told.push(message) });
      await wait(1_200);
      await transaction.commit();
      assertDone(await running);
      assert.ok(told.length > 0);
    });
  });
}
