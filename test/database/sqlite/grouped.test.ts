import assert from 'node:assert/strict';
import { all, exec, openFile } from '../../../src/database/sqlite/driver.ts';
import { apply, databaseWith, failureOf, rowsOf, type Step } from './fixtures.ts';

const insert = (n: number): string[] => [`INSERT INTO t VALUES (${n})`];
const numbers = async (file: string) => (await rowsOf<{ n: number }>(file, 'SELECT n FROM t')).map(({ n }) => n);
const recorded = (count: number) => Array.from({ length: count }, (_, n) => `${n}_step applied`);

describe('small migrations of SQLite that share a commit', () => {
  it('are committed together, and each is reported when it is committed', async () => {
    const file = await databaseWith('CREATE TABLE t (n INTEGER PRIMARY KEY)');
    const reader = await openFile(file);
    const versions = new Set<number>();
    const look = async () => {
      const [row] = await all<{ data_version: number }>(reader, 'PRAGMA data_version');
      if (row !== undefined) versions.add(row.data_version);
    };
    const told: string[] = [];
    const { outcome, history } = await apply(
      file,
      Array.from({ length: 20 }, (_, n) => insert(n)),
      {
        onStart: ({ revision }, index) => void told.push(`start ${index} ${revision}`),
        onDone: ({ revision }, index) => {
          told.push(`done ${index} ${revision}`);
          void look();
        },
      },
    );
    await look();
    reader.close();
    assert.equal(outcome.kind, 'done');
    assert.deepEqual(history, recorded(20));
    assert.equal((await numbers(file)).length, 20);
    const numbered = (verb: string) => Array.from({ length: 20 }, (_, n) => `${verb} ${n} ${n}_step`);
    assert.deepEqual(
      told.filter((text) => text.startsWith('start')),
      numbered('start'),
    );
    assert.deepEqual(
      told.filter((text) => text.startsWith('done')),
      numbered('done'),
    );
    assert.ok(versions.size < 10, `${versions.size} versions seen`);
  });

  it('keep those before one that fails, whose whole work is undone', async () => {
    const file = await databaseWith('CREATE TABLE t (n INTEGER PRIMARY KEY)');
    const bad = [...insert(3), 'CREATE TABLE u (x)', 'INSERT INTO nowhere VALUES (1)'];
    const { outcome, history } = await apply(file, [insert(1), insert(2), bad, insert(4)]);
    assert.match(failureOf(outcome), /no such table: nowhere/);
    assert.equal(outcome.kind === 'failed' && outcome.problem.migration, '2_step');
    assert.equal(outcome.kind === 'failed' && outcome.problem.position?.line, 21);
    assert.equal(outcome.done.length, 2);
    assert.deepEqual(history, recorded(2));
    assert.deepEqual(await numbers(file), [1, 2]);
    assert.deepEqual(await rowsOf(file, "SELECT 1 FROM sqlite_schema WHERE name = 'u'"), []);
  });

  it('run again one by one where an error has ended the transaction of all', async () => {
    const file = await databaseWith('CREATE TABLE t (n INTEGER PRIMARY KEY)');
    const { outcome, history } = await apply(file, [insert(1), insert(2), ['INSERT OR ROLLBACK INTO t VALUES (1)']]);
    assert.match(failureOf(outcome), /UNIQUE constraint failed/);
    assert.deepEqual(history, recorded(2));
    assert.deepEqual(await numbers(file), [1, 2]);
  });

  it('have a separate transaction if a constraint is deferred, so that none repairs the violation of another', async () => {
    const schema = 'CREATE TABLE t (n INTEGER PRIMARY KEY, up INTEGER REFERENCES t (n) DEFERRABLE INITIALLY DEFERRED)';
    const steps: Step[] = [['INSERT INTO t VALUES (2, 1)'], ['INSERT INTO t VALUES (1, NULL)']];
    const early = await databaseWith(schema);
    assert.match(failureOf((await apply(early, steps)).outcome), /FOREIGN KEY constraint failed/);
    assert.deepEqual(await numbers(early), []);
    const late = await databaseWith('CREATE TABLE x (y)');
    const { outcome, history } = await apply(late, [['INSERT INTO x VALUES (1)'], [schema], ...steps]);
    assert.match(failureOf(outcome), /FOREIGN KEY constraint failed/);
    assert.deepEqual(history, recorded(2));
  });

  it('and code, PRAGMAs and rebuilds among them run in their order', async () => {
    const file = await databaseWith(
      'CREATE TABLE t (n INTEGER PRIMARY KEY); CREATE TABLE c (t INTEGER REFERENCES t (n) ON DELETE CASCADE); INSERT INTO t VALUES (1); INSERT INTO c VALUES (1)',
    );
    const { outcome, history } = await apply(file, [
      insert(2),
      (q) => q.bulkInsert('t', [{ n: 3 }]),
      insert(4),
      [
        'PRAGMA foreign_keys = OFF',
        'CREATE TABLE t2 (n INTEGER PRIMARY KEY, more TEXT)',
        'INSERT INTO t2 SELECT n, 5 FROM t',
        'DROP TABLE t',
        'ALTER TABLE t2 RENAME TO t',
      ],
      ['INSERT INTO t VALUES (6, 6)'],
      (q) => q.changeColumn('t', 'more', { type: 'VARCHAR(9)' }),
      ['INSERT INTO t VALUES (7, 7)'],
    ]);
    assert.equal(outcome.kind, 'done', outcome.kind === 'failed' ? outcome.problem.message : '');
    assert.deepEqual(history, recorded(7));
    assert.deepEqual(await numbers(file), [1, 2, 3, 4, 6, 7]);
    assert.deepEqual(await rowsOf(file, 'SELECT t FROM c'), [{ t: 1 }], 'no child was lost');
  });

  it('wait for another writer, and stop when they are asked to with what has run', async () => {
    const file = await databaseWith('CREATE TABLE t (n INTEGER PRIMARY KEY)');
    const other = await openFile(file);
    await exec(other, 'BEGIN IMMEDIATE');
    const told: string[] = [];
    const stop = new AbortController();
    const running = apply(file, [insert(1), insert(2), insert(3)], {
      timeouts: { connect: 1_000, lock: 100, statement: 0, run: 0 },
      signal: stop.signal,
      onRetry: (message) => void told.push(message),
      onStart: (_migration, index) => void (index === 1 && stop.abort()),
    });
    // The history table is made before, and it waits as long as the connection may.
    await new Promise((resolve) => setTimeout(resolve, 600));
    await exec(other, 'COMMIT');
    other.close();
    const { outcome, history } = await running;
    assert.equal(outcome.kind, 'stopped');
    assert.deepEqual(history, recorded(2));
    assert.deepEqual(await numbers(file), [1, 2]);
  });
});
