import assert from 'node:assert/strict';
import type { Finding } from '../../src/core/model/finding.ts';
import type { LintResult } from '../../src/library/lint/lint.ts';
import { EXAMPLE, hostedProject, type Project, withExample } from './fixtures.ts';

const nowhere = { DATABASE_URL: undefined, DB_PATH: undefined };

/** A project without any database, with these migrations. */
async function folder(files: Record<string, string>): Promise<Project> {
  const made = await hostedProject('sqlite');
  for (const [name, text] of Object.entries(files)) await made.write(`migrations/${name}`, text);
  return made;
}

async function json(made: Project, ...args: string[]): Promise<LintResult & { code: number | null }> {
  const { code, out, err } = await made.runWith(nowhere, 'lint', ...args, '--json');
  assert.equal(err, '');
  return { ...(JSON.parse(out) as LintResult), code };
}

const asked = (findings: Finding[]) => findings.filter(({ severity }) => severity !== 'notice');
const ids = (findings: Finding[]) => asked(findings).map(({ rule }) => rule);

const MIXED = {
  '1_orders.sql':
    '-- migrate:up\nCREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, note text);\n-- migrate:down\nDROP TABLE orders;\n',
  '2_drop.sql':
    '-- migrate:up\nALTER TABLE orders\n  DROP COLUMN note;\n-- migrate:down\nALTER TABLE orders ADD COLUMN note text;\n',
};

describe('db-manager lint', function () {
  this.timeout(120_000);

  it('shows each finding with its line and a caret and what to do instead, without a database, and ends with 4', async () => {
    const made = await folder(MIXED);
    const { code, out, err } = await made.runWith(nowhere, 'lint');
    assert.equal(code, 4, err);
    assert.match(
      out,
      /^error drop-column: .*\n {2}at migrations\/2_drop\.sql:2:1\n {2}2 \| ALTER TABLE orders\n {4}\| \^\n {2}instead: /,
    );
    assert.match(out, /2 migrations checked for PostgreSQL 18: 1 error/);
    assert.match(out, /db-manager:ignore <rule> <reason>/);
    assert.doesNotMatch(out, /^notice/m);
  });

  it('checks each migration as a separate plan, and exempts a table only in the migration that creates it', async () => {
    const made = await folder({ ...MIXED, '3_both.sql': 'CREATE TABLE a (id bigint);\nDROP TABLE a;' });
    const { findings, migrations, safe, code } = await json(made);
    assert.equal(migrations, 3);
    assert.deepEqual([safe, code], [false, 4]);
    assert.deepEqual(ids(findings), ['drop-column']);
    assert.equal(findings.find(({ rule }) => rule === 'drop-column')?.position?.file, 'migrations/2_drop.sql');
  });

  it('asks only about the paths that are named, and still knows what came before them', async () => {
    const made = await folder({ ...MIXED, 'later/3_drop.sql': 'DROP TABLE orders;' });
    assert.deepEqual(ids((await json(made, 'migrations/1_orders.sql')).findings), []);
    assert.deepEqual(ids((await json(made, 'migrations/2_drop.sql')).findings), ['drop-column']);
    assert.deepEqual(ids((await json(made, 'migrations/later')).findings), ['drop-table']);
    const elsewhere = await json(made, 'migrations/later', 'migrations/1_orders.sql');
    assert.equal(elsewhere.migrations, 2);
    await made.write('other/9_x.sql', 'DROP TABLE x;');
    assert.deepEqual(ids((await json(made, 'other')).findings), ['drop-table']);
    assert.deepEqual(ids((await json(made, 'other/9_x.sql')).findings), ['drop-table']);
  });

  it('ends with 0 if there are no errors, and prints one line', async () => {
    const made = await folder({ '1_orders.sql': MIXED['1_orders.sql'] });
    const { code, out } = await made.runWith(nowhere, 'lint');
    assert.equal(code, 0);
    assert.match(out, /^1 migration checked for PostgreSQL 18: no findings/);
  });

  it('ignores a rule if a comment next to the statement gives a reason, in SQL and in code', async () => {
    const made = await folder({
      '1_a.sql': '-- db-manager:ignore drop-table nobody has read it since May\nDROP TABLE a;',
      '2_b.mjs':
        "export async function up({ context }) {\n  // db-manager:ignore drop-table it was moved elsewhere\n  await context.dropTable('b');\n}\n",
    });
    assert.deepEqual(ids((await json(made)).findings), []);
  });

  it('takes a comment without a reason, or of a rule that is none, as an error', async () => {
    const made = await folder({
      '1_a.sql':
        '-- db-manager:ignore drop-table\nDROP TABLE a;\n-- db-manager:ignore drop-tabel it is gone\nDROP TABLE b;',
    });
    const { findings } = await json(made);
    assert.deepEqual(ids(findings).sort(), [
      'drop-table',
      'drop-table',
      'ignore-unknown-rule',
      'ignore-without-reason',
    ]);
    assert.ok(findings.every(({ statement }) => statement === undefined || /^DROP TABLE [ab]$/.test(statement)));
    assert.match(findings.find(({ rule }) => rule === 'ignore-unknown-rule')?.message ?? '', /Did you mean drop-table/);
  });

  it('leaves out what the configuration ignores, and refuses an id that no rule has, naming the near one', async () => {
    const made = await folder(MIXED);
    await made.write('db-manager.config.json', '{ "safety": { "ignore": ["drop-column"] } }');
    assert.deepEqual(ids((await json(made)).findings), []);
    await made.write('db-manager.config.json', '{ "safety": { "ignore": ["drop-colum"] } }');
    const { code, err } = await made.runWith(nowhere, 'lint');
    assert.equal(code, 2);
    assert.match(err, /"drop-colum", which does not match any rule\. Did you mean drop-column/);
  });

  it('sees what code sends, with the line, for both databases', async () => {
    const code =
      "export async function up({ context }) {\n  await context.createTable('a', { id: { type: 'INTEGER', primaryKey: true } });\n  await context.dropTable('orders');\n}\n";
    for (const dialect of ['postgres', 'sqlite']) {
      const made = await folder({
        '1_orders.sql': 'CREATE TABLE orders (id integer PRIMARY KEY);',
        '2_code.mjs': code,
      });
      const { findings } = await json(made, '--dialect', dialect);
      const found = findings.find(({ rule }) => rule === 'drop-table');
      assert.deepEqual(found?.position && [found.position.file, found.position.line], ['migrations/2_code.mjs', 3]);
    }
  });

  it('reports code that needs an answer from the database as code with unknown statements', async () => {
    const made = await folder({
      '1_code.mjs':
        "export async function up({ context }) {\n  const [row] = await context.sequelize.query('SELECT 1 AS n', { type: 'SELECT' });\n  await context.dropTable('t' + row.n);\n}\n",
    });
    const { findings } = await json(made, '--dialect', 'postgres');
    assert.ok(findings.some(({ rule }) => rule === 'opaque-code'));
  });

  it('continues if code checks whether a column exists, and reports that there may be more statements', async () => {
    const made = await folder({
      '1_code.mjs':
        "export async function up({ context }) {\n  const columns = await context.describeTable('users');\n  if (!columns.email) await context.addColumn('users', 'email', 'TEXT');\n  await context.dropTable('orders');\n}\n",
    });
    const { findings } = await json(made, '--dialect', 'postgres');
    assert.deepEqual(
      findings
        .filter(({ rule }) => rule === 'drop-table' || rule === 'opaque-code')
        .map(({ rule, position }) => [rule, position?.line]),
      [
        ['opaque-code', 1],
        ['drop-table', 4],
      ],
    );
  });

  it('stops code that never ends, and prints all other findings', async () => {
    const made = await folder({
      '1_waits.mjs': 'export async function up() {\n  await new Promise(() => {});\n}\n',
      '2_drop.sql': 'DROP TABLE orders;',
    });
    for (const dialect of ['postgres', 'sqlite']) {
      const { findings, code } = await json(made, '--dialect', dialect);
      assert.equal(code, 4);
      assert.deepEqual(ids(findings), ['drop-table']);
      assert.ok(findings.some(({ rule }) => rule === 'opaque-code'));
    }
  });

  it('reads SQLite where only SQLite can, and the dialect of the database URL before that', async () => {
    const made = await folder({ '1_a.sql': 'CREATE TABLE a (id INTEGER PRIMARY KEY AUTOINCREMENT);' });
    assert.equal((await json(made)).dialect, 'sqlite');
    assert.equal((await json(made, '--dialect', 'postgres')).dialect, 'postgres');
    const url = await made.runWith({ DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' }, 'lint', '--json');
    assert.equal((JSON.parse(url.out) as LintResult).dialect, 'postgres');
  });

  it('takes the version of the server, and refuses what is none', async () => {
    const made = await folder({ '1_a.sql': 'DROP TABLE a;' });
    assert.equal((await json(made, '--server-version', '14.2')).serverVersion, '14.2');
    const { code, err } = await made.runWith(nowhere, 'lint', '--server-version', 'new');
    assert.equal(code, 2);
    assert.match(err, /"new" is not a valid server version/);
  });

  it('reports a file that cannot be read as a migration, and checks the others', async () => {
    const made = await folder({ '1_a.sql': '-- migrate:down\nDROP TABLE a;', '2_b.sql': 'DROP TABLE b;\nSELEC 1;' });
    const { findings } = await json(made);
    assert.deepEqual(ids(findings), ['invalid-migration', 'drop-table', 'unreadable-statement']);
    assert.deepEqual(findings[0]?.position, { file: 'migrations/1_a.sql', line: 1, column: 1 });
    assert.deepEqual(findings.at(-1)?.position?.line ?? 0, 2);
  });

  it('writes SARIF 2.1.0 whose results point at rules and relative files', async () => {
    const made = await folder(MIXED);
    const { code, out } = await made.runWith(nowhere, 'lint', 'migrations/2_drop.sql', '--format', 'sarif');
    assert.equal(code, 4);
    const log = JSON.parse(out) as Sarif;
    assert.equal(log.version, '2.1.0');
    assert.match(log.$schema, /sarif-schema-2\.1\.0\.json$/);
    const [run] = log.runs;
    assert.equal(run?.tool.driver.name, 'db-manager');
    assert.ok(run.results.length > 0);
    for (const { ruleId, ruleIndex, level, message, locations } of run.results) {
      assert.equal(run.tool.driver.rules[ruleIndex]?.id, ruleId);
      assert.ok(['error', 'warning', 'note'].includes(level));
      assert.ok(message.text.length > 10);
      const place = locations[0]?.physicalLocation;
      assert.equal(place?.artifactLocation.uri, 'migrations/2_drop.sql');
      assert.ok((place?.region.startLine ?? 0) >= 1 && (place?.region.startColumn ?? 0) >= 1);
    }
  });

  it('writes annotations of GitHub, a line each, with the place', async () => {
    const made = await folder(MIXED);
    const { code, out } = await made.runWith(nowhere, 'lint', '--format', 'github');
    assert.equal(code, 4);
    assert.match(out, /^::error file=migrations\/2_drop\.sql,line=2,col=1,title=drop-column::[^\n]+%0A[^\n]+$/m);
  });

  it('refuses a path that does not exist', async () => {
    const made = await folder(MIXED);
    const { code, err } = await made.runWith(nowhere, 'lint', 'migrations/9.sql');
    assert.equal(code, 2);
    assert.match(err, /The file or folder migrations\/9\.sql does not exist/);
  });

  it('finds in the example only what a reviewer would accept: nothing that is an error', async () => {
    const made = await withExample(await hostedProject('sqlite'));
    for (const dialect of ['postgres', 'sqlite']) {
      const { findings, migrations, code } = await json(made, '--dialect', dialect);
      assert.equal(code, 0, `${EXAMPLE} as ${dialect}: ${JSON.stringify(asked(findings), null, 2)}`);
      assert.equal(migrations, 12);
    }
  });
});

interface Sarif {
  $schema: string;
  version: string;
  runs: {
    tool: { driver: { name: string; rules: { id: string }[] } };
    results: {
      ruleId: string;
      ruleIndex: number;
      level: string;
      message: { text: string };
      locations: {
        physicalLocation: {
          artifactLocation: { uri: string };
          region: { startLine: number; startColumn: number };
        };
      }[];
    }[];
  }[];
}
