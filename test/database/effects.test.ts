import assert from 'node:assert/strict';
import type { MigrationEffects } from '../../src/core/model/effects.ts';
import type { MigrationBody } from '../../src/core/model/migration.ts';
import { DIALECTS, type TestDialect, temporaryDatabase } from '../support/databases.ts';
import { code, migrate, migration, openReady, sql } from './migration-fixtures.ts';

type Rows = Record<string, [number | null, number | null]>;
interface Step {
  run: MigrationBody;
  /** Tables whose rows changed: before and after. */
  rows: Rows;
  locks?: string[];
  transaction?: false;
}

const schemaOf = (dialect: TestDialect) => (dialect === 'postgres' ? 'public' : 'main');

function rowsOf({ rows }: MigrationEffects, schema: string): Rows {
  return Object.fromEntries(rows.map(({ table, before, after }) => [table.replace(`${schema}.`, ''), [before, after]]));
}

async function checkSteps(dialect: TestDialect, steps: Step[], more: { singleTransaction?: boolean } = {}) {
  const { url, drop } = await temporaryDatabase(dialect);
  const database = await openReady(url);
  try {
    const migrations = steps.map(({ run, transaction }) =>
      migration(run, transaction === false ? { transaction } : {}),
    );
    const outcome = await migrate(database, migrations, { observe: true, ...more });
    assert.equal(outcome.kind, 'done', JSON.stringify(outcome));
    for (const [index, { effects }] of outcome.done.entries()) {
      assert.ok(effects !== undefined);
      assert.deepEqual(rowsOf(effects, schemaOf(dialect)), steps[index]?.rows, `migration ${index + 1}`);
      const expected = steps[index]?.locks;
      if (expected !== undefined) {
        const locks = effects.locks.map(({ table, mode }) => `${table.replace('public.', '')} ${mode}`);
        assert.deepEqual(locks, expected, `migration ${index + 1}`);
      }
    }
  } finally {
    await database.close();
    await drop();
  }
}

const COMMON: Step[] = [
  {
    run: sql(
      'CREATE TABLE a (id INTEGER PRIMARY KEY)',
      'CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER REFERENCES a ON DELETE CASCADE)',
    ),
    rows: { a: [null, 0], b: [null, 0] },
  },
  {
    run: sql('INSERT INTO a VALUES (1), (2)', 'INSERT INTO b VALUES (1, 1), (2, 1), (3, 2)'),
    rows: { a: [0, 2], b: [0, 3] },
  },
  { run: sql('CREATE INDEX ba ON b (a)'), rows: {} },
  { run: sql('DELETE FROM a WHERE id = 1'), rows: { a: [2, 1], b: [3, 1] } },
  { run: sql('ALTER TABLE a ADD COLUMN n INTEGER'), rows: {} },
  { run: sql('UPDATE a SET n = 1'), rows: {} },
  { run: sql('INSERT INTO a VALUES (7, 0)', 'DELETE FROM a WHERE id = 7'), rows: {} },
  { run: sql('DELETE FROM b'), rows: { b: [1, 0] } },
  { run: sql('ALTER TABLE b RENAME TO c'), rows: { b: [0, null], c: [null, 0] } },
  { run: sql('INSERT INTO c VALUES (1, 2)'), rows: { c: [0, 1] } },
  { run: sql('INSERT INTO c VALUES (5, 2)'), rows: { c: [1, 2] }, transaction: false },
  { run: sql('INSERT INTO a VALUES (8, 0)'), rows: { a: [1, 2] } },
  {
    run: code(async (queryInterface) => queryInterface.bulkInsert('c', [{ id: 9, a: 2 }])),
    rows: { c: [2, 3] },
  },
  { run: sql('DROP TABLE c'), rows: { c: [3, null] } },
  { run: sql('SELECT 1'), rows: {} },
];

const OF_POSTGRES: Step[] = [
  {
    run: sql(
      'CREATE TABLE a (id INTEGER PRIMARY KEY)',
      'CREATE TABLE log (id INTEGER)',
      'CREATE TABLE other (id INTEGER)',
      'CREATE TABLE p (id INTEGER) PARTITION BY LIST (id)',
      'CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)',
      'CREATE TABLE loose (id INTEGER)',
      'CREATE TABLE child () INHERITS (other)',
      "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO log VALUES (NEW.id); RETURN NEW; END'",
      'CREATE TRIGGER t AFTER INSERT ON a FOR EACH ROW EXECUTE FUNCTION f()',
    ),
    rows: { a: [null, 0], log: [null, 0], other: [null, 0], p: [null, 0], loose: [null, 0], child: [null, 0] },
    locks: [],
  },
  {
    run: sql('INSERT INTO a VALUES (1)'),
    rows: { a: [0, 1], log: [0, 1] },
    locks: ['a RowExclusiveLock', 'log RowExclusiveLock'],
  },
  { run: sql('SELECT * FROM other'), rows: {}, locks: ['child AccessShareLock', 'other AccessShareLock'] },
  { run: sql('TRUNCATE log'), rows: { log: [1, 0] }, locks: ['log AccessExclusiveLock'] },
  { run: sql('INSERT INTO p1 VALUES (1), (1)'), rows: { p: [0, 2] } },
  { run: sql('INSERT INTO p VALUES (1)'), rows: { p: [2, 3] } },
  { run: sql('INSERT INTO loose VALUES (2)'), rows: { loose: [0, 1] } },
  { run: sql('ALTER TABLE p ATTACH PARTITION loose FOR VALUES IN (2)'), rows: { p: [3, 4], loose: [1, null] } },
  { run: sql('ALTER TABLE p DETACH PARTITION p1'), rows: { p: [4, 1], p1: [null, 3] } },
  { run: sql('DROP TABLE loose'), rows: { p: [1, 0] } },
  { run: sql('INSERT INTO child VALUES (1)'), rows: { child: [0, 1], other: [0, 1] } },
  { run: sql('ALTER TABLE child NO INHERIT other'), rows: { other: [1, 0] } },
  {
    run: sql('SAVEPOINT s', 'INSERT INTO other VALUES (1)', 'ROLLBACK TO SAVEPOINT s', 'INSERT INTO p1 VALUES (1)'),
    rows: { p1: [3, 4] },
  },
  { run: sql("DO 'BEGIN DELETE FROM p1; EXCEPTION WHEN OTHERS THEN NULL; END'"), rows: { p1: [4, 0] } },
  { run: sql('CREATE SCHEMA aside', 'ALTER TABLE child SET SCHEMA aside'), rows: { child: [1, null] } },
];

describe('the effects of migrations', () => {
  for (const dialect of DIALECTS) {
    describe(`on ${dialect}`, () => {
      it('are the rows that each has changed', () => checkSteps(dialect, COMMON));

      it('are the same in one transaction', () =>
        checkSteps(
          dialect,
          COMMON.filter(({ transaction }) => transaction !== false).map((step) =>
            'c' in step.rows && JSON.stringify(step.rows.c) === '[2,3]'
              ? { ...step, rows: { c: [1, 2] } }
              : 'c' in step.rows && step.rows.c?.[1] === null
                ? { ...step, rows: { c: [2, null] } }
                : step,
          ) as Step[],
          { singleTransaction: true },
        ));

      it('are counted from what was committed, when the one before failed', async () => {
        const { url, drop } = await temporaryDatabase(dialect);
        const database = await openReady(url);
        const table = migration(sql('CREATE TABLE t (id INTEGER PRIMARY KEY)', 'INSERT INTO t VALUES (1)'));
        const bad = migration(sql('INSERT INTO t VALUES (2)', 'INSERT INTO nowhere VALUES (1)'));
        assert.equal((await migrate(database, [table, bad], { observe: true })).kind, 'failed');
        const outcome = await migrate(database, [migration(sql('INSERT INTO t VALUES (3)'))], { observe: true });
        assert.deepEqual(
          outcome.done.map(({ effects }) => effects?.rows),
          [[{ table: `${schemaOf(dialect)}.t`, before: 1, after: 2 }]],
        );
        await database.close();
        await drop();
      });
    });
  }

  it('are those of triggers, partitions, children and schemas on postgres', () => checkSteps('postgres', OF_POSTGRES));

  it('are those of what only SQLite has', () =>
    checkSteps('sqlite', [
      {
        run: sql('CREATE TABLE a (id INTEGER PRIMARY KEY)', 'CREATE TABLE log (id TEXT PRIMARY KEY) WITHOUT ROWID'),
        rows: { a: [null, 0], log: [null, 0] },
      },
      { run: sql('CREATE TRIGGER t AFTER INSERT ON a BEGIN INSERT INTO log VALUES (NEW.id); END'), rows: {} },
      { run: sql('INSERT INTO a VALUES (1), (2)'), rows: { a: [0, 2], log: [0, 2] } },
      { run: sql('DELETE FROM log'), rows: { log: [2, 0] } },
      { run: sql('REPLACE INTO a VALUES (2)'), rows: { log: [0, 1] } },
      { run: sql('CREATE TABLE b AS SELECT * FROM a', 'DROP TABLE a', 'ALTER TABLE b RENAME TO a'), rows: {} },
      { run: sql('INSERT INTO a VALUES (9)'), rows: { a: [2, 3] } },
    ]));

  it('are found on sqlite where the statement does not name the table', () =>
    checkSteps('sqlite', [
      {
        run: sql(
          'PRAGMA recursive_triggers = ON',
          'CREATE TABLE a (id INTEGER PRIMARY KEY, n INTEGER UNIQUE)',
          'CREATE TABLE b (a INTEGER REFERENCES a (n) ON UPDATE CASCADE ON DELETE CASCADE)',
          'CREATE TABLE c (a INTEGER)',
          'CREATE VIEW v AS SELECT * FROM a',
          'CREATE TRIGGER vi INSTEAD OF INSERT ON v BEGIN INSERT INTO a VALUES (NEW.id, NEW.n); END',
          'CREATE TRIGGER bd AFTER DELETE ON b BEGIN INSERT INTO c VALUES (OLD.a); END',
        ),
        rows: { a: [null, 0], b: [null, 0], c: [null, 0] },
      },
      { run: sql('INSERT INTO v VALUES (1, 1), (2, 2), (3, 3)'), rows: { a: [0, 3] } },
      { run: sql('INSERT INTO b SELECT n FROM a'), rows: { b: [0, 3] } },
      // The row with the same `n` goes, and its child, whose trigger writes to a third table.
      { run: sql('INSERT OR REPLACE INTO a VALUES (9, 1)'), rows: { b: [3, 2], c: [0, 1] } },
      { run: sql('DELETE FROM a WHERE id = 2; DELETE FROM c'), rows: { a: [3, 2], b: [2, 1], c: [1, 0] } },
      { run: sql('DELETE FROM c', 'DROP TABLE b', 'CREATE TABLE b (a INTEGER)'), rows: { b: [1, 0] } },
      {
        run: sql('INSERT INTO b VALUES (1)', 'PRAGMA schema_version = 1000', 'DELETE FROM a'),
        rows: { a: [2, 0], b: [0, 1] },
      },
      {
        run: sql('CREATE VIRTUAL TABLE f USING fts5 (t)', "INSERT INTO f VALUES ('x')", 'INSERT INTO c VALUES (1)'),
        rows: { c: [0, 1] },
      },
      {
        run: sql('CREATE TEMP TABLE d (n)', 'INSERT INTO d VALUES (1)', 'INSERT INTO c SELECT n FROM d'),
        rows: { c: [1, 2] },
      },
    ]));

  it('do not take longer for each migration when there are many tables', async function () {
    this.timeout(120_000);
    const { url, drop } = await temporaryDatabase('postgres');
    const database = await openReady(url);
    const many = Array.from({ length: 400 }, (_, n) =>
      migration(sql(`CREATE TABLE t${n} (id INTEGER)`, `INSERT INTO t${n} VALUES (1)`)),
    );
    const outcome = await migrate(database, many, { observe: true });
    assert.equal(outcome.done.length, 400);
    // Each has what it did itself, and nothing of the counting of the others.
    for (const { effects } of outcome.done) {
      assert.deepEqual(effects?.locks, []);
      assert.equal(effects?.rows.length, 1);
    }
    const counted = await database.migrate({
      direction: 'up',
      migrations: [],
      runId: 'r',
      toolVersion: '0',
      timeouts: { connect: 0, lock: 0, statement: 0, run: 0 },
    });
    assert.equal(counted.kind, 'done');
    await database.close();
    await drop();
  });
});
