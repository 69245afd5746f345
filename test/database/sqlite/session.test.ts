import assert from 'node:assert/strict';
import { apply, databaseWith, failureOf, rowsOf, textOf } from './fixtures.ts';

describe('a migration session on SQLite', () => {
  it('reports the token at which a statement failed, not the first one with the same text', async () => {
    const cases: [string, { line: number; column: number }][] = [
      ['CREATE TABLE a (x INTEGER, y INTEGER,\n , z INTEGER)', { line: 2, column: 2 }],
      ['CREATE TABLE a (select_a INTEGER, b TEXT,\n  select TEXT)', { line: 2, column: 3 }],
      ["INSERT INTO t VALUES ('#', (#))", { line: 1, column: 29 }],
      ['SELECT 1, x AS "no",\n  nope FROM t', { line: 2, column: 3 }],
      ['CREATE TABLE a (x INTEGER', { line: 1, column: 26 }],
    ];
    for (const [sql, { line, column }] of cases) {
      const file = await databaseWith('CREATE TABLE t (x)');
      const { outcome } = await apply(file, [[sql]]);
      assert.equal(outcome.kind, 'failed');
      if (outcome.kind === 'failed') assert.deepEqual(outcome.problem.position, { file: 'm.sql', line, column }, sql);
    }
  });

  it('refuses COMMIT inside its transaction, so that body and history row stay together', async () => {
    const file = await databaseWith('CREATE TABLE t (x)');
    const { outcome, history } = await apply(file, [
      async (q) => {
        await q.sequelize.query('INSERT INTO t VALUES (1)');
        await q.sequelize.query('/* mine */ COMMIT');
      },
    ]);
    assert.match(failureOf(outcome), /COMMIT is not allowed here/);
    assert.deepEqual(history, []);
    assert.deepEqual(await rowsOf(file, 'SELECT * FROM t'), []);
  });

  it('rolls back a transaction that a migration outside of one left open', async () => {
    const file = await databaseWith('CREATE TABLE t (x)');
    const { outcome, history } = await apply(file, [['BEGIN', 'INSERT INTO t VALUES (1)']], { transaction: false });
    assert.match(failureOf(outcome), /left a transaction open/);
    assert.deepEqual(history, ['0_step started']);
    assert.deepEqual(await rowsOf(file, 'SELECT * FROM t'), []);
  });

  it('leaves nothing of an operation whose error the migration catches', async () => {
    const file = await databaseWith(
      'CREATE TABLE t (id INTEGER PRIMARY KEY, x INTEGER); INSERT INTO t VALUES (1, NULL)',
    );
    const { outcome } = await apply(file, [
      async (q) => {
        await assert.rejects(
          q.changeColumn('t', 'x', { type: 'BIGINT', allowNull: false }),
          /NOT NULL constraint failed: t\.x/,
        );
        await q.bulkInsert('t', [{ id: 2 }]);
      },
    ]);
    assert.equal(outcome.kind, 'done');
    assert.equal(await textOf(file, 't'), 'CREATE TABLE t (id INTEGER PRIMARY KEY, x INTEGER)');
    assert.deepEqual(await rowsOf(file, 'SELECT id FROM t'), [{ id: 1 }, { id: 2 }]);
  });

  it('runs a statement that begins with a comment, which Sequelize alone skips in silence', async () => {
    const file = await databaseWith('CREATE TABLE t (x)');
    const { outcome } = await apply(file, [
      async (q) => {
        await q.sequelize.query('-- why\n  -- and how\nINSERT INTO t VALUES (1)');
        await q.sequelize.query({ query: '-- why\nINSERT INTO t VALUES (?)', values: [2] });
        await q.sequelize.query('-- nothing else');
      },
    ]);
    assert.equal(outcome.kind, 'done', outcome.kind === 'failed' ? outcome.problem.message : '');
    assert.deepEqual(await rowsOf(file, 'SELECT x FROM t'), [{ x: 1 }, { x: 2 }]);
  });

  it('describes tables with expression indexes, and hides its own table', async () => {
    const file = await databaseWith('CREATE TABLE t (x TEXT UNIQUE, y TEXT); CREATE INDEX i ON t (lower(x))');
    const { outcome, history } = await apply(file, [
      async (q) => {
        const { x, y } = (await q.describeTable('t')) as unknown as Record<string, { unique: boolean }>;
        assert.deepEqual([x?.unique, y?.unique], [true, false]);
        assert.deepEqual(await q.showAllTables(), ['t']);
        await q.dropAllTables();
      },
    ]);
    assert.equal(outcome.kind, 'done', outcome.kind === 'failed' ? outcome.problem.message : '');
    assert.deepEqual(history, ['0_step applied']);
  });

  it('reports rows that violate a new NOT NULL or CHECK, and how to find them', async () => {
    const schema = 'CREATE TABLE t (x INTEGER); INSERT INTO t VALUES (NULL), (-1)';
    const notNull = await apply(await databaseWith(schema), [
      (q) => q.changeColumn('t', 'x', { type: 'INTEGER', allowNull: false }),
    ]);
    assert.match(failureOf(notNull.outcome), /Some rows of t have no x\. Fill them first/);
    const check = await apply(await databaseWith(schema), [
      (q) => q.addConstraint('t', { type: 'check', name: 'c', fields: ['x'], where: { x: [1, 2] } }),
    ]);
    assert.match(failureOf(check.outcome), /Some rows of t do not satisfy .*SELECT \* FROM/);
  });
});
