import assert from 'node:assert/strict';
import type { Example, Rule } from '../../../src/core/safety/rule.ts';
import { addColumnRefused } from '../../../src/core/safety/rules/add-column-refused.ts';
import { dropColumnInUse } from '../../../src/core/safety/rules/drop-column-in-use.ts';
import { dropReferencedTable } from '../../../src/core/safety/rules/drop-referenced-table.ts';
import { unreadableStatement } from '../../../src/core/safety/rules/unreadable-statement.ts';
import { all, closeFile, exec, openFile } from '../../../src/database/sqlite/driver.ts';

/** Tables that the examples take for granted, each with a row. */
const GIVEN = `
  CREATE TABLE accounts (id INTEGER PRIMARY KEY);
  CREATE TABLE orders (id INTEGER PRIMARY KEY, price REAL, quantity REAL, note TEXT);
  INSERT INTO accounts VALUES (1);
  INSERT INTO orders VALUES (1, 2.5, 4, 'first')`;

describe('rules of what SQLite refuses', () => {
  for (const rule of [addColumnRefused, dropColumnInUse, unreadableStatement] as Rule[]) {
    const ofSqlite = ({ dialect }: Example) => (dialect ?? rule.dialects[0]) === 'sqlite';
    it(`${rule.id}: the engine refuses every bad example`, async () => {
      const bad = rule.examples.bad.filter(ofSqlite);
      assert.ok(bad.length > 0);
      for (const example of bad) assert.notEqual(await complaint(example), undefined, example.sql);
    });

    it(`${rule.id}: the engine takes every good one`, async () => {
      for (const example of rule.examples.good.filter(ofSqlite)) {
        assert.equal(await complaint(example), undefined, example.sql);
      }
    });
  }

  it('drop-referenced-table: rows of a child cascade away, though a new table takes the name', async () => {
    const [example] = dropReferencedTable.examples.bad;
    assert.equal(await childRows(example?.sql ?? ''), 0);
  });

  it('drop-referenced-table: they stay where foreign keys are off', async () => {
    const [example] = dropReferencedTable.examples.good;
    assert.equal(await childRows(example?.sql ?? ''), 1);
  });
});

/** SQLite's error for an example, on a table with a row; undefined if it runs. */
async function complaint({ given, sql }: Example): Promise<string | undefined> {
  return withFile(async (run) => {
    await run(given ?? GIVEN);
    try {
      await run(sql);
      return undefined;
    } catch (error) {
      return String(error);
    }
  });
}

async function childRows(sql: string): Promise<number | undefined> {
  return withFile(async (run, count) => {
    await run(dropReferencedTable.examples.bad[0]?.given ?? '');
    await run('INSERT INTO orders VALUES (1); INSERT INTO fills VALUES (1)');
    await run(sql);
    return count('fills');
  });
}

async function withFile<T>(
  work: (run: (sql: string) => Promise<void>, count: (table: string) => Promise<number | undefined>) => Promise<T>,
): Promise<T> {
  const connection = await openFile(':memory:');
  try {
    await exec(connection, 'PRAGMA foreign_keys = ON');
    return await work(
      (sql) => exec(connection, sql),
      async (table) => (await all<{ n: number }>(connection, `SELECT count(*) AS n FROM ${table}`))[0]?.n,
    );
  } finally {
    await closeFile(connection);
  }
}
