import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ProblemError } from '../../src/core/model/problem.ts';
import { splitSql } from '../../src/sql/split.ts';
import { look, query, requestFor, runOn } from '../engine/request.ts';
import { DIALECTS, temporaryDatabase, temporaryFolder } from '../support/databases.ts';

const split = (sql: string, dialect: 'postgres' | 'sqlite' = 'postgres') =>
  splitSql(sql, dialect, { file: 'a.sql', line: 1 });

describe('-- db-manager:assert', () => {
  it('is a statement at its line, between those around it', () => {
    const found = split(
      'CREATE TABLE t (id int);\n-- db-manager:assert SELECT count(*) = 0 FROM t;\nINSERT INTO t VALUES (1);\n',
    );
    assert.deepEqual(
      found.map(({ assertion, line }) => [assertion, line]),
      [
        [undefined, 1],
        ['SELECT count(*) = 0 FROM t', 2],
        [undefined, 3],
      ],
    );
    assert.equal(found[2]?.sql, 'INSERT INTO t VALUES (1)');
  });

  it('is not one in a string, in a body, in a block comment or as a longer word', () => {
    for (const sql of [
      "SELECT '\n-- db-manager:assert false\n'",
      'DO $$\n-- db-manager:assert false\nBEGIN END $$',
      '/* -- db-manager:assert false */ SELECT 1',
      '-- db-manager:assert-nothing false\nSELECT 1',
    ]) {
      assert.deepEqual(
        split(sql).map(({ assertion }) => assertion),
        [undefined],
        sql,
      );
    }
  });

  it('is refused inside a statement and without a condition, with its place', () => {
    for (const [sql, text, line] of [
      ['SELECT 1\n-- db-manager:assert true\n', /inside a statement/, 2],
      ['SELECT 1;\n  -- db-manager:assert ;\n', /no condition/, 2],
    ] as const) {
      assert.throws(
        () => split(sql),
        (error) =>
          error instanceof ProblemError && text.test(error.problem.message) && error.problem.position?.line === line,
      );
    }
  });

  it('takes a condition that ends with a comment, quotes the delimiter, or calls a function', () => {
    for (const condition of ['1 = 1 -- always', "'$assert$' <> ''", 'exists (SELECT 1)']) {
      assert.equal(split(`-- db-manager:assert ${condition}`)[0]?.assertion, condition);
    }
  });
});

for (const dialect of DIALECTS) {
  describe(`assertions on ${dialect}`, function () {
    this.timeout(120_000);

    async function migrate(files: Record<string, string>, rehearsal: 'Full' | 'Disabled' = 'Disabled') {
      const { url } = await temporaryDatabase(dialect);
      const folder = await temporaryFolder('assertions');
      const backups = await temporaryFolder('backups');
      for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
      const request = requestFor(folder, backups, {
        safety: { rehearsal },
        ...(rehearsal === 'Disabled' ? { backup: { enabled: false } } : {}),
      });
      const { report } = await runOn(url, request);
      const tables = await look(url, (database) => database.snapshot());
      return { report, tables: tables.tables.map(({ name }) => name), url };
    }

    const FIRST = {
      '1_t.sql':
        '-- migrate:up\nCREATE TABLE t (id integer, n integer);\nINSERT INTO t VALUES (1, NULL);\n-- migrate:down\nDROP TABLE t;\n',
    };

    it('that are true change nothing', async () => {
      const { report, tables } = await migrate({
        ...FIRST,
        '2_u.sql':
          '-- migrate:up\n-- db-manager:assert SELECT count(*) = 1 FROM t\nCREATE TABLE u (id integer);\n-- db-manager:assert NOT EXISTS (SELECT 1 FROM u) -- empty\n-- migrate:down\n-- db-manager:assert SELECT true\nDROP TABLE u;\n',
      });
      assert.equal(report.result, 'succeeded', report.message);
      assert.deepEqual(tables.sort(), ['t', 'u']);
    });

    for (const [name, condition] of Object.entries({
      'is false': 'SELECT count(*) = 5 FROM t',
      'is NULL': 'SELECT n > 0 FROM t',
      'has no row': 'SELECT true FROM t WHERE id = 99',
    })) {
      it(`roll the migration back if the condition ${name}`, async () => {
        const { report, tables, url } = await migrate({
          ...FIRST,
          '2_u.sql': `-- migrate:up\nCREATE TABLE u (id integer);\n-- db-manager:assert ${condition}\n-- migrate:down\nDROP TABLE u;\n`,
        });
        assert.equal(report.reason, 'AssertionFailed', report.message);
        assert.match(report.message, /The assertion is not true/);
        assert.ok(report.message.includes(condition));
        assert.deepEqual(report.failure?.position, { file: '2_u.sql', line: 3, column: 1 });
        assert.deepEqual(tables, ['t']);
        assert.equal((await look(url, (database) => query(database, 'SELECT * FROM t'))).length, 1);
      });
    }

    it('stop the plan on the copy', async () => {
      const { report, tables } = await migrate(
        {
          ...FIRST,
          '2_u.sql':
            '-- migrate:up\nCREATE TABLE u (id integer);\n-- db-manager:assert SELECT count(*) = 5 FROM t\n-- migrate:down\nDROP TABLE u;\n',
        },
        'Full',
      );
      assert.equal(report.reason, 'RehearsalFailed', report.message);
      assert.match(report.message, /The assertion is not true: SELECT count\(\*\) = 5 FROM t/);
      assert.deepEqual(tables, []);
    });

    it('that the database cannot read fail with its own error', async () => {
      const { report } = await migrate({
        '1_a.sql': '-- migrate:up\n-- db-manager:assert SELECT count(*) = 0 FROM absent\n-- migrate:down\nSELECT 1;\n',
      });
      assert.equal(report.reason, 'MigrationFailed');
      assert.match(report.message, /absent/);
    });

    it('of code run before and after its function', async () => {
      const code = (after: string) =>
        `export const assertions = { before: ['SELECT count(*) = 1 FROM t'], after: ['${after}'] };\nexport async function up({ context }) { await context.sequelize.query('INSERT INTO t VALUES (2, 2)'); }\nexport async function down({ context }) { await context.sequelize.query('DELETE FROM t WHERE id = 2'); }\n`;
      const good = await migrate({ ...FIRST, '2_c.mjs': code('SELECT count(*) = 2 FROM t') });
      assert.equal(good.report.result, 'succeeded', good.report.message);
      const bad = await migrate({ ...FIRST, '2_c.mjs': code('SELECT count(*) = 3 FROM t') });
      assert.equal(bad.report.reason, 'AssertionFailed', bad.report.message);
      assert.equal((await look(bad.url, (database) => query(database, 'SELECT * FROM t'))).length, 1);
      const wrong = await migrate({
        '2_c.mjs': 'export const assertions = { until: 1 };\nexport async function up() {}\n',
      });
      assert.equal(wrong.report.reason, 'InvalidMigration');
    });
  });
}
