import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DataTypes, type QueryInterface, Sequelize } from 'sequelize';
import type { LoadedMigration } from '../../../src/core/model/migration.ts';
import type { Revision } from '../../../src/core/model/revision.ts';
import type { Snapshot } from '../../../src/core/model/snapshot.ts';
import { compareSnapshots, describeDifference } from '../../../src/core/schema/compare.ts';
import type { MigrationOutcome } from '../../../src/database/port.ts';
import { all, closeFile, exec, openFile } from '../../../src/database/sqlite/driver.ts';
import { look } from '../../engine/request.ts';
import { temporaryFolder } from '../../support/databases.ts';
import { ALTER_CASES, PLAIN_ROWS, PLAIN_SCHEMA, RICH_ROWS, RICH_SCHEMA } from './alter-cases.ts';

const TIMEOUTS = { connect: 1_000, lock: 1_000, statement: 0, run: 0 };

async function richDatabase(schema = RICH_SCHEMA): Promise<{ url: string; file: string }> {
  const file = join(await temporaryFolder('alter'), 'rich.db');
  const connection = await openFile(file, { create: true });
  await exec(connection, `${schema}${schema === PLAIN_SCHEMA ? PLAIN_ROWS : RICH_ROWS}`);
  await closeFile(connection);
  return { file, url: `sqlite:///${file}` };
}

interface State {
  snapshot: Snapshot;
  /** Rows of every table, by rowid or key, without columns that a case may change. */
  rows: Record<string, unknown[]>;
  sequence: unknown;
}

async function stateOf(file: string): Promise<State> {
  const snapshot = await look(`sqlite:///${file}`, (database) => database.snapshot());
  const connection = await openFile(file, { readOnly: true });
  try {
    const tables = await all<{ name: string }>(
      connection,
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE 'db_manager%'",
    );
    const rows: State['rows'] = {};
    for (const { name } of tables) rows[name] = await all(connection, `SELECT * FROM ${name} ORDER BY 1`);
    return {
      snapshot,
      rows,
      sequence: await all(connection, "SELECT seq FROM sqlite_sequence WHERE name = 'parents'"),
    };
  } finally {
    await closeFile(connection);
  }
}

function migration(call: (queryInterface: QueryInterface) => Promise<unknown>): LoadedMigration {
  return {
    revision: '1_case' as Revision,
    files: ['1_case.ts'],
    checksum: 'sha256:0',
    format: 'umzug',
    description: 'a case',
    transactional: { up: true, down: true },
    up: { kind: 'code', call: async (queryInterface) => void (await call(queryInterface as QueryInterface)) },
  };
}

function apply(url: string, call: (queryInterface: QueryInterface) => Promise<unknown>): Promise<MigrationOutcome> {
  return look(url, async (database) => {
    await database.history.ensure();
    return database.migrate({
      direction: 'up',
      migrations: [migration(call)],
      runId: 'r',
      toolVersion: '0',
      timeouts: TIMEOUTS,
    });
  });
}

const differences = (before: State, after: State) =>
  compareSnapshots(after.snapshot, before.snapshot).map(describeDifference);

/** Values that were there before and still have a column; renamed tables and columns are followed by value. */
function kept(before: State['rows'], after: State['rows']): string[] {
  const lost: string[] = [];
  for (const [table, rows] of Object.entries(before)) {
    const now = after[table] ?? after.terms ?? [];
    if (now.length !== rows.length) lost.push(`${table}: ${rows.length} rows before, ${now.length} after`);
    for (const [index, row] of rows.entries()) {
      for (const [column, value] of Object.entries(row as object)) {
        const other = (now[index] ?? {}) as Record<string, unknown>;
        if (column in other && other[column] !== value)
          lost.push(`${table}.${column}: ${value} became ${other[column]}`);
      }
    }
  }
  return lost;
}

describe('the SQLite query interface of migrations', () => {
  for (const alter of ALTER_CASES) {
    it(`${alter.name} changes that and nothing else`, async () => {
      const { url, file } = await richDatabase();
      const before = await stateOf(file);
      const outcome = await apply(url, alter.run);
      assert.equal(outcome.kind, 'done', outcome.kind === 'failed' ? outcome.problem.message : '');
      const after = await stateOf(file);
      assert.deepEqual(kept(before.rows, after.rows), []);
      assert.deepEqual(differences(before, after).sort(), [...alter.changes].sort());
      assert.deepEqual(after.sequence, before.sequence, 'AUTOINCREMENT never gives an id twice');
    });
  }

  it('reports mistakes of the author: no such column, no such constraint, a view that would break', async () => {
    const { url } = await richDatabase();
    const cases: [(q: QueryInterface) => Promise<unknown>, RegExp][] = [
      [(q) => q.removeColumn('parents', 'nothing'), /no column nothing; it has id, code/],
      [
        (q) => q.removeConstraint('parents', 'nothing'),
        /has no constraint nothing\. Its named constraints: code_not_empty/,
      ],
      [(q) => q.removeColumn('parents', 'amount'), /double is generated from amount/],
      [(q) => q.removeColumn('nowhere', 'x'), /The table nowhere does not exist/],
      [(q) => q.addColumn('strict_ones', 'x', { type: DataTypes.STRING }), /strict_ones is STRICT.*type: 'TEXT'/],
      [
        (q) => q.changeColumn('strict_ones', 'n', { type: DataTypes.DATE }),
        /do not support the type DATETIME\. Use one of INT,.* for n,/,
      ],
    ];
    for (const [call, message] of cases) {
      const outcome = await apply(url, call);
      assert.equal(outcome.kind, 'failed');
      if (outcome.kind === 'failed') assert.match(outcome.problem.message, message);
    }
  });

  it('fails a migration that would leave rows without their parent, and names them', async () => {
    const { url, file } = await richDatabase();
    const before = await stateOf(file);
    const outcome = await apply(url, async (q) => {
      await q.changeColumn('parents', 'label', { type: 'VARCHAR(9)' });
      await q.bulkDelete('parents', { id: 1 });
    });
    assert.equal(outcome.kind, 'failed');
    if (outcome.kind === 'failed')
      assert.match(outcome.problem.message, /row 1 of cascading references a row of parents/);
    const after = await stateOf(file);
    assert.deepEqual(after, before);
  });

  it('still cascades a delete in a migration that rebuilds nothing', async () => {
    const { url, file } = await richDatabase();
    const outcome = await apply(url, (q) => q.bulkDelete('parents', { id: 1 }));
    assert.equal(outcome.kind, 'done');
    const { rows } = await stateOf(file);
    assert.equal(rows.cascading?.length, 1);
    assert.deepEqual(
      rows.nulling?.map((row) => (row as { parent_id: number }).parent_id),
      [null, 2, null],
    );
  });

  it('keeps what plain Sequelize 6 loses, as docs/reference/sqlite-alter-results.md shows', async function () {
    this.timeout(60_000);
    const sections: string[] = [];
    for (const alter of ALTER_CASES) {
      const { file } = await richDatabase(PLAIN_SCHEMA);
      const before = await stateOf(file);
      const sequelize = new Sequelize({ dialect: 'sqlite', storage: file, logging: false });
      const error = await alter.run(sequelize.getQueryInterface()).then(
        () => undefined,
        (cause: Error) => cause.message,
      );
      await sequelize.close();
      const results =
        error === undefined ? losses(before, await stateOf(file), alter.changes) : [`fails: ${error.split('\n')[0]}`];
      sections.push(`## \`${alter.name}\`\n\n${results.map((line) => `- ${line}\n`).join('')}`);
    }
    const path = join(import.meta.dirname, '../../../docs/reference/sqlite-alter-results.md');
    const page = await readFile(path, 'utf8');
    const expected = `${page.slice(0, page.indexOf('## '))}${sections.join('\n')}`;
    if (process.env.UPDATE_DOCS === '1') await writeFile(path, expected);
    else
      assert.equal(page, expected, 'docs/reference/sqlite-alter-results.md is stale; UPDATE_DOCS=1 npm test writes it');
    assert.match(expected, /cascading: 3 rows before, 0 after/);
  });
});

function losses(before: State, after: State, changes: string[]): string[] {
  const rows = kept(before.rows, after.rows);
  const schema = differences(before, after).filter((line) => !changes.includes(line));
  const sequence =
    JSON.stringify(after.sequence) === JSON.stringify(before.sequence) ? [] : ['AUTOINCREMENT starts again'];
  const all = [...rows, ...schema, ...sequence].map((line) =>
    line
      .replace(/ is (.*), expected (.*)$/, ' was $1, is now $2')
      .replace('is not expected', 'is gone')
      .replace('is missing', 'is new'),
  );
  return all.length === 0 ? ['no other change'] : all;
}
