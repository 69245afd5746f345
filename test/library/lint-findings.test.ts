import assert from 'node:assert/strict';
import type { Dialect } from '../../src/core/model/dialect.ts';
import { lintMigrations } from '../../src/index.ts';
import { folderOf } from '../migrations/files.ts';

/** What lint reports for the last of these files, as `rule: message`. */
async function said(dialect: Dialect, ...files: [name: string, text: string][]): Promise<string[]> {
  const migrations = await folderOf(Object.fromEntries(files));
  const { findings } = await lintMigrations({ migrations, dialect, config: false });
  const last = files.at(-1)?.[0].replace(/\.\w+$/, '');
  return findings.filter(({ migration }) => migration === last).map(({ rule, message }) => `${rule}: ${message}`);
}

const rulesOf = (findings: string[]) => findings.map((text) => text.slice(0, text.indexOf(':')));
const code = (body: string) => `module.exports = { up: async (q, S) => { ${body} }, down: async (q, S) => {} };`;

describe('lint records code on PostgreSQL to its end (H21)', () => {
  const BODIES: [string, string, RegExp][] = [
    ['renameColumn', "await q.renameColumn('orders', 'a', 'b');", /rename-column: Renames orders\.a to b/],
    ['renameColumn with a schema', "await q.renameColumn({ tableName: 'o', schema: 's' }, 'a', 'b');", /s\.o\.a to b/],
    [
      'createTable with an ENUM',
      "await q.createTable('t', { s: S.ENUM('x', 'y') }); await q.renameTable('o', 'p');",
      /rename-table/,
    ],
    [
      'addColumn with an ENUM',
      "await q.addColumn('t', 'e', S.ENUM('x')); await q.renameTable('o', 'p');",
      /rename-table/,
    ],
    [
      'changeColumn to an ENUM',
      "await q.changeColumn('t', 'e', { type: S.ENUM('x') }); await q.renameTable('o', 'p');",
      /rename-table/,
    ],
    [
      'an ENUM in a transaction',
      "await q.sequelize.transaction(async (t) => { await q.createTable('t', { e: S.ENUM('x') }, { transaction: t }); await q.removeColumn('o', 'c', { transaction: t }); });",
      /drop-column: .*o\.c/,
    ],
    [
      'an array of an ENUM',
      "await q.createTable('t', { s: S.ARRAY(S.ENUM('x')) }); await q.renameTable('o', 'p');",
      /rename-table/,
    ],
  ];
  for (const [name, body, expected] of BODIES)
    it(name, async () => {
      const findings = await said('postgres', ['1_a.js', code(body)]);
      assert.match(findings.join('\n'), expected);
      assert.ok(!rulesOf(findings).includes('opaque-code'), findings.join('\n'));
    });
});

describe('lint reports no false findings (H22)', () => {
  it('one table in two spellings', async () => {
    const sql = 'ALTER TABLE public.c ADD a text; ALTER TABLE c ADD b text; ALTER TABLE d ADD b text;';
    assert.ok(!rulesOf(await said('postgres', ['1_a.sql', sql])).includes('many-tables-locked'));
    const other = 'ALTER TABLE s.c ADD a text; ALTER TABLE c ADD b text; ALTER TABLE d ADD b text;';
    assert.ok(rulesOf(await said('postgres', ['1_a.sql', other])).includes('many-tables-locked'));
  });

  it('DROP NOT NULL of a column that may be NULL already', async () => {
    const table = (column: string) =>
      ['1_a.sql', `CREATE TABLE orders (id bigint PRIMARY KEY, ${column});`] as [string, string];
    const drop: [string, string] = ['2_b.sql', 'ALTER TABLE public.orders ALTER COLUMN note DROP NOT NULL;'];
    const change: [string, string] = ['2_b.js', code("await q.changeColumn('orders', 'note', { type: S.STRING });")];
    for (const last of [drop, change]) {
      assert.ok(!rulesOf(await said('postgres', table('note text'), last)).includes('drop-not-null'));
      assert.ok(rulesOf(await said('postgres', table('note text NOT NULL'), last)).includes('drop-not-null'));
    }
  });

  it('a temporary table that is dropped before it is made', async () => {
    const sql = 'DROP TABLE IF EXISTS tmp_x; CREATE TEMP TABLE tmp_x (id bigint); DROP TABLE tmp_x;';
    for (const dialect of ['postgres', 'sqlite'] as const) {
      assert.ok(!rulesOf(await said(dialect, ['1_a.sql', sql])).includes('drop-table'));
      assert.ok(!rulesOf(await said(dialect, ['1_a.sql', sql], ['2_b.sql', sql])).includes('drop-table'));
      const permanent: [string, string] = ['1_a.sql', 'CREATE TABLE tmp_x (id bigint);'];
      assert.ok(rulesOf(await said(dialect, permanent, ['2_b.sql', sql])).includes('drop-table'));
    }
  });

  it('a unique key of which the text leaves the expressions out', async () => {
    const given: [string, string] = ['1_a.sql', 'CREATE TABLE users (id bigint PRIMARY KEY, org bigint, email text);'];
    const key: [string, string] = ['2_b.sql', 'CREATE UNIQUE INDEX u ON users (org, lower(email));'];
    assert.match((await said('postgres', given, key)).join('\n'), /the same org and the same expressions of u/);
    const next = await said('postgres', given, key, ['3_c.sql', 'CREATE UNIQUE INDEX v ON users (org);']);
    assert.match(next.join('\n'), /unique-on-existing-rows: .*the same org\./);
  });
});
