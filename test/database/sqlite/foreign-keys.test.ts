import assert from 'node:assert/strict';
import type { QueryInterface } from 'sequelize';
import { apply, databaseWith, failureOf, rowsOf, type Step, textOf } from './fixtures.ts';

const SCHEMA = `
CREATE TABLE p (id INTEGER PRIMARY KEY, junk TEXT, note TEXT);
CREATE TABLE c (id INTEGER PRIMARY KEY, p_id INTEGER REFERENCES p (id) ON DELETE CASCADE);
INSERT INTO p VALUES (1, 'j', 'n'), (2, 'j', 'n');
INSERT INTO c VALUES (1, 1), (2, 2);`;

const longer = (q: QueryInterface) => q.changeColumn('p', 'note', { type: 'VARCHAR(9)' });
const REBUILD_BY_HAND = [
  'CREATE TABLE p2 (id INTEGER PRIMARY KEY)',
  'INSERT INTO p2 SELECT id FROM p',
  'DROP TABLE p',
  'ALTER TABLE p2 RENAME TO p',
];

/** How authors write it; in each case the parent is rebuilt and no child is lost. */
const WAYS: { name: string; step: Step; options?: Parameters<typeof apply>[2]; by?: 'hand' }[] = [
  { name: 'plainly', step: longer },
  { name: 'with --single-transaction', step: longer, options: { singleTransaction: true } },
  { name: 'outside a transaction', step: longer, options: { transaction: false } },
  {
    name: 'catching every error',
    step: async (q) => {
      await longer(q).catch(() => {});
    },
  },
  {
    name: 'throwing an error of its own instead',
    step: (q) =>
      longer(q).catch(() => {
        throw new Error('mine');
      }),
  },
  {
    name: 'in a transaction of its own, rolled back on an error, as sequelize-cli shows it',
    step: async (q) => {
      const transaction = await q.sequelize.transaction();
      try {
        const options = { transaction } as object;
        await (q.changeColumn as (...a: unknown[]) => Promise<void>)('p', 'note', { type: 'VARCHAR(9)' }, options);
        await transaction.commit();
      } catch (error) {
        await transaction.rollback();
        throw error;
      }
    },
  },
  { name: 'in a managed transaction', step: (q) => q.sequelize.transaction(() => longer(q)) },
  {
    name: 'by hand in SQL with PRAGMA foreign_keys = OFF behind a comment',
    step: ['-- first\nPRAGMA foreign_keys = OFF', ...REBUILD_BY_HAND, 'PRAGMA foreign_keys = ON'],
    by: 'hand',
  },
  {
    name: 'by hand in code with PRAGMA foreign_keys = OFF',
    step: async (q) => {
      for (const sql of ['PRAGMA foreign_keys = OFF', ...REBUILD_BY_HAND, 'PRAGMA foreign_keys = ON'])
        await q.sequelize.query(sql);
    },
    by: 'hand',
  },
];

describe('foreign keys of SQLite while a parent is rebuilt', () => {
  for (const { name, step, options, by } of WAYS) {
    it(`keep every child row: ${name}`, async () => {
      const file = await databaseWith(SCHEMA);
      const { outcome, history } = await apply(file, [step], options);
      assert.equal(outcome.kind, 'done', outcome.kind === 'failed' ? outcome.problem.message : '');
      assert.deepEqual(history, ['0_step applied']);
      assert.deepEqual(await rowsOf(file, 'SELECT * FROM c'), [
        { id: 1, p_id: 1 },
        { id: 2, p_id: 2 },
      ]);
      assert.match((await textOf(file, 'p')) ?? '', by === 'hand' ? /"p" \(id INTEGER PRIMARY KEY\)/ : /VARCHAR\(9\)/);
    });
  }

  it('are on again for the next migration, also after one that left them off', async () => {
    const file = await databaseWith(SCHEMA);
    const first = await apply(file, [longer, (q) => q.bulkDelete('p', { id: 1 })]);
    assert.equal(first.outcome.kind, 'done');
    assert.deepEqual(await rowsOf(file, 'SELECT id FROM c'), [{ id: 2 }], 'the delete cascaded');
    const other = await databaseWith(SCHEMA);
    await apply(other, [['PRAGMA foreign_keys = OFF'], ['DELETE FROM p WHERE id = 1']], { transaction: false });
    assert.deepEqual(await rowsOf(other, 'SELECT id FROM c'), [{ id: 2 }]);
  });

  it('are checked before the commit: a missing parent fails the migration and names the rows', async () => {
    const file = await databaseWith(SCHEMA);
    const dropped = await apply(file, [(q) => q.dropTable('p')]);
    assert.match(failureOf(dropped.outcome), /row 1 of c references a row of p.*in a separate migration/);
    const single = await apply(file, [['PRAGMA foreign_keys = OFF', 'DELETE FROM p']], { singleTransaction: true });
    assert.match(failureOf(single.outcome), /row 1 of c/);
    const both = await apply(file, [(q) => q.dropTable('p').then(() => q.dropTable('c'))]);
    assert.equal(both.outcome.kind, 'done');
  });

  it('do not blame a migration for what was broken before it', async () => {
    const file = await databaseWith(`${SCHEMA} PRAGMA foreign_keys = OFF; INSERT INTO c VALUES (3, 99);`);
    assert.equal((await apply(file, [longer])).outcome.kind, 'done');
  });
});
