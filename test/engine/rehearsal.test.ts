import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunReport } from '../../src/core/model/report.ts';
import { RULES } from '../../src/core/safety/rules.ts';
import { contentHashOf, runSql } from '../backups/fixtures.ts';
import { DIALECTS, type TestDialect, temporaryDatabase, temporaryFolder } from '../support/databases.ts';
import { requestFor, runOn, targetOf } from './request.ts';

const TABLES = `CREATE TABLE customers (id INTEGER PRIMARY KEY, email VARCHAR(80));
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers (id) ON DELETE CASCADE, total INTEGER);
`;
const ROWS = `INSERT INTO customers VALUES (1, 'a@example.org'), (2, 'b@example.org'), (3, 'a@example.org'), (4, NULL);
INSERT INTO orders VALUES (1, 1, 10), (2, 1, 20), (3, 2, 30), (4, 4, NULL);`;

/** The second migration on real rows: its text, and the expected message of the rehearsal. */
const CASES: {
  it: string;
  sql: string | Record<TestDialect, string>;
  reason: string;
  message: RegExp;
  statement: RegExp;
}[] = [
  {
    it: 'takes rows from another table through a cascade',
    sql: 'DELETE FROM customers WHERE id < 3;',
    reason: 'RowsLost',
    message: /2_change deletes 3 of 4 rows from (main|public)\.orders, a table that it does not mention/,
    statement: /DELETE FROM customers/,
  },
  {
    it: 'names the other table in a comment alone (B12)',
    sql: '-- The orders are kept.\nDELETE FROM customers /* not from orders */ WHERE id < 3;',
    reason: 'RowsLost',
    message: /2_change deletes 3 of 4 rows from (main|public)\.orders/,
    statement: /DELETE FROM customers/,
  },
  {
    it: 'makes an index unique over duplicates',
    sql: 'CREATE UNIQUE INDEX customers_email ON customers (email);',
    reason: 'RehearsalFailed',
    message: /customers_email|customers\.email/,
    statement: /CREATE UNIQUE INDEX customers_email/,
  },
  {
    it: 'demands a value where there is none',
    sql: {
      postgres: 'ALTER TABLE orders ALTER COLUMN total SET NOT NULL;',
      sqlite:
        'CREATE TABLE orders2 (id INTEGER PRIMARY KEY, total INTEGER NOT NULL);\nINSERT INTO orders2 SELECT id, total FROM orders;',
    },
    reason: 'RehearsalFailed',
    message: /total/,
    statement: /SET NOT NULL|INSERT INTO orders2/,
  },
];

/** The rules would report it first; this test is about the rehearsal. */
const RULES_SILENT = RULES.map(({ id }) => id);

async function seeded(dialect: TestDialect, change: string) {
  const { url, drop } = await temporaryDatabase(dialect);
  const folder = await temporaryFolder('migrations');
  await writeFile(join(folder, '1_tables.sql'), `-- migrate:up\n${TABLES}`);
  const backups = await temporaryFolder('backups');
  const first = await runOn(url, requestFor(folder, backups));
  assert.equal(first.report.reason, 'Migrated', first.report.message);
  await runSql(targetOf(url), ROWS);
  await writeFile(join(folder, '2_change.sql'), `-- migrate:up\n${change}\n`);
  return { url, folder, backups, drop };
}

function failureOf({ report }: { report: RunReport }) {
  return { message: report.message, statement: report.failure?.statement ?? '' };
}

for (const dialect of DIALECTS) {
  describe(`the rehearsal on ${dialect} stops a migration that`, () => {
    for (const { it: what, sql, reason, message, statement } of CASES) {
      it(`${what}, with table, rows and statement, and production is untouched`, async () => {
        const { url, folder, backups, drop } = await seeded(dialect, typeof sql === 'string' ? sql : sql[dialect]);
        // A run that is blocked is recorded among the runs, and nowhere else.
        const content = () => contentHashOf(targetOf(url), ['db_manager_runs']);
        const before = await content();
        // The safety rules may report it too; this test is about the copy.
        const done = await runOn(url, requestFor(folder, backups, { safety: { ignore: RULES_SILENT } }));
        assert.equal(done.report.reason, reason, done.report.message);
        assert.equal(done.report.result, 'blocked');
        assert.equal(done.report.touched, false);
        const told = failureOf(done);
        assert.match(told.message, message);
        assert.match(told.statement, statement);
        assert.equal(await content(), before);
        await drop();
      });
    }
  });
}

describe('the rehearsal reports a migration that', () => {
  it('needs an extension that the server of the copy does not have, and where to install it', async () => {
    const { url, folder, backups, drop } = await seeded('postgres', 'CREATE EXTENSION nosuch_vector;');
    for (const [rehearsalServer, where] of [
      ['Private', /on the machine of this run, or rehearse .* safety\.rehearsalServer: SameServer\.$/],
      ['SameServer', /on the server of the database\.$/],
    ] as const) {
      const { report } = await runOn(url, requestFor(folder, backups, { safety: { mode: 'Warn', rehearsalServer } }));
      assert.equal(report.reason, 'RehearsalFailed', report.message);
      assert.match(report.message, /nosuch_vector.*Install the files of the extension/s);
      assert.match(report.message, where);
    }
    await drop();
  });

  it('rewrites a whole table, with its rows and the lock that it holds', async () => {
    const { url, folder, backups, drop } = await seeded(
      'postgres',
      'ALTER TABLE orders ALTER COLUMN total TYPE BIGINT;',
    );
    const { report } = await runOn(url, requestFor(folder, backups, { safety: { mode: 'Warn' } }));
    assert.equal(report.reason, 'Migrated', report.message);
    const [effects] = report.rehearsal?.migrations ?? [];
    assert.equal(effects?.revision, '2_change');
    assert.ok(effects?.rewrites.includes('public.orders'));
    const [lock, ...others] = effects?.locks.filter(({ table }) => table === 'public.orders') ?? [];
    assert.deepEqual(others, []);
    assert.equal(lock?.mode, 'AccessExclusiveLock');
    assert.ok((lock.seconds ?? -1) >= 0 && (lock.seconds ?? 0) <= effects.seconds + 0.1, JSON.stringify(lock));
    await drop();
  });
});
