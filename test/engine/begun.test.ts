import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunReport } from '../../src/core/model/report.ts';
import { openDatabase } from '../../src/database/open.ts';
import { takeBaseline } from '../../src/library/baseline.ts';
import { validateSchema } from '../../src/library/schema.ts';
import { DIALECTS, type TestDialect, temporaryDatabase, temporaryFolder } from '../support/databases.ts';
import { look, requestFor, runOn, targetOf } from './request.ts';

interface Place {
  url: string;
  folder: string;
  backups: string;
  write(files: Record<string, string>): Promise<void>;
  /** By hand, outside the migrations. */
  sql(...statements: string[]): Promise<void>;
  run(overrides?: Parameters<typeof requestFor>[2]): Promise<RunReport>;
}

async function place(dialect: TestDialect): Promise<Place> {
  const { url } = await temporaryDatabase(dialect);
  const folder = await temporaryFolder('migrations');
  const backups = await temporaryFolder('backups');
  const timeouts = { connect: 3_000, lock: 2_000, statement: 0, run: 0 };
  return {
    url,
    folder,
    backups,
    async write(files) {
      for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    },
    async sql(...statements) {
      const database = await openDatabase(targetOf(url), { timeouts, applicationName: 'hand', create: true });
      const { query } = database.sequelize as { query(sql: string): Promise<unknown> };
      for (const statement of statements) await query.call(database.sequelize, statement);
      await database.close();
    },
    run: async (overrides = {}) => (await runOn(url, requestFor(folder, backups, overrides))).report,
  };
}

const step = (report: RunReport, name: string) => report.steps.find((one) => one.step === name);

for (const dialect of DIALECTS) {
  describe(`a database that did not begin empty, on ${dialect}`, function () {
    this.timeout(120_000);

    const LEGACY = 'CREATE TABLE legacy (id INTEGER PRIMARY KEY, name VARCHAR(20))';
    const options = (here: Place) => ({ databaseUrl: here.url, migrations: here.folder, config: false as const });

    it('is migrated where its tables are older than the first migration, run after run', async () => {
      const here = await place(dialect);
      await here.sql(LEGACY, "INSERT INTO legacy VALUES (1, 'a')");
      await here.write({ '1_x.sql': '-- migrate:up\nALTER TABLE legacy ADD COLUMN x INTEGER;\n' });
      const first = await here.run();
      assert.equal(first.reason, 'Migrated', first.message);
      assert.match(
        step(first, 'verify')?.message ?? '',
        /^cannot compare: (relation|table) legacy is not created by these migrations .*as the baseline: db-manager baseline$/,
      );
      await here.write({ '2_y.sql': '-- migrate:up\nALTER TABLE legacy ADD COLUMN y INTEGER;\n' });
      const second = await here.run({ validation: { before: 'Enforce' } });
      assert.equal(second.reason, 'Migrated', second.message);
      assert.match(step(second, 'validateBefore')?.message ?? '', /^cannot compare: (relation|table) legacy is not/);
      await assert.rejects(validateSchema(options(here)), /cannot compare: .*db-manager baseline/);
    });

    it('is compared again once its schema is the baseline; later manual changes are found', async () => {
      const here = await place(dialect);
      await here.sql(
        LEGACY,
        'CREATE INDEX legacy_name ON legacy (name)',
        'CREATE VIEW names AS SELECT name FROM legacy',
      );
      await here.write({ '1_x.sql': '-- migrate:up\nALTER TABLE legacy ADD COLUMN x INTEGER;\n' });
      await here.run();
      const taken = await takeBaseline(options(here));
      assert.deepEqual([taken.baseline?.revisions, taken.tables, taken.replaced], [['1_x'], 1, false]);
      assert.deepEqual((await validateSchema(options(here))).differences, []);
      await here.write({
        '2_y.sql':
          '-- migrate:up\nALTER TABLE legacy ADD COLUMN y INTEGER;\n-- migrate:down\nALTER TABLE legacy DROP COLUMN y;\n',
      });
      const report = await here.run();
      assert.equal(report.reason, 'Migrated', report.message);
      assert.equal(step(report, 'validateBefore')?.message, 'the schema matches the applied migrations');
      assert.match(step(report, 'verify')?.message ?? '', /^the schema matches the rehearsal/);
      await here.sql('DROP INDEX legacy_name');
      const drifted = await validateSchema(options(here));
      assert.deepEqual(
        drifted.differences.map(({ message }) => message),
        ['index of legacy is missing ((name))'],
      );
      const back = await here.run({ target: '1_x', allowDowngrade: true });
      assert.equal(back.reason, 'Reverted', 'a known difference fails no run');
      assert.equal((await takeBaseline({ ...options(here), forget: true })).replaced, true);
      await assert.rejects(validateSchema(options(here)), /cannot compare/);
    });

    it('may lack files that the baseline covers, and reports a downgrade to before the baseline', async () => {
      const here = await place(dialect);
      await here.write({
        '1_a.sql': '-- migrate:up\nCREATE TABLE a (id INTEGER PRIMARY KEY);\n-- migrate:down\nDROP TABLE a;\n',
        '2_b.sql': '-- migrate:up\nCREATE TABLE b (id INTEGER PRIMARY KEY);\n-- migrate:down\nDROP TABLE b;\n',
      });
      await here.run();
      await takeBaseline(options(here));
      const elsewhere = await temporaryFolder('squashed');
      await writeFile(join(elsewhere, '3_c.sql'), '-- migrate:up\nCREATE TABLE c (id INTEGER PRIMARY KEY);\n');
      const result = await validateSchema({ ...options(here), migrations: elsewhere });
      assert.deepEqual(result.differences, []);
      const back = await here.run({ target: '1_a', allowDowngrade: true });
      assert.equal(back.reason, 'Reverted', back.message);
      assert.match(step(back, 'verify')?.message ?? '', /the baseline contains 2_b, which is no longer applied/);
    });

    it('leaves code out of the comparison if its modules are missing', async () => {
      const here = await place(dialect);
      await here.sql('CREATE TABLE t (id INTEGER PRIMARY KEY)');
      await here.write({ '1_old.cjs': "require('a-package-of-2016');\nmodule.exports = { up() {} };\n" });
      const { stampDatabase } = await import('../../src/library/history.ts');
      await stampDatabase({ ...options(here), target: 'head' });
      await here.write({ '2_new.sql': '-- migrate:up\nALTER TABLE t ADD COLUMN n INTEGER;\n' });
      const report = await here.run();
      assert.equal(report.reason, 'Migrated', report.message);
      assert.match(step(report, 'validateBefore')?.message ?? '', /^cannot compare: 1_old does not run on an empty/);
    });

    it('does not fail for differences that existed before, and reports them', async () => {
      const here = await place(dialect);
      await here.write({ '1_a.sql': '-- migrate:up\nCREATE TABLE a (id INTEGER PRIMARY KEY);\n' });
      await here.run();
      await here.sql('CREATE TABLE stranger (id INTEGER PRIMARY KEY)', 'ALTER TABLE a ADD COLUMN extra INTEGER');
      await here.write({ '2_b.sql': '-- migrate:up\nCREATE TABLE b (id INTEGER PRIMARY KEY);\n' });
      const report = await here.run();
      assert.equal(report.reason, 'Migrated', report.message);
      assert.match(
        step(report, 'verify')?.message ?? '',
        /^warning: 2 differences .*column a\.extra.*table stranger.*\. All existed before this run\. .*db-manager baseline$/,
      );
      assert.equal(report.schema?.after?.length, 2, 'and the report keeps them');
    });

    it('fails for what the run itself left different, and counts what is older apart', async () => {
      const here = await place(dialect);
      await here.write({ '1_a.sql': '-- migrate:up\nCREATE TABLE a (id INTEGER PRIMARY KEY);\n' });
      await here.run();
      await here.sql('CREATE TABLE stranger (id INTEGER PRIMARY KEY)');
      await here.write({
        '2_b.cjs': `module.exports = { async up(q) {
  const [rows] = await q.sequelize.query('SELECT count(*) AS n FROM a');
  await q.sequelize.query(Number(rows[0].n) > 0 ? 'CREATE TABLE many (id INTEGER)' : 'CREATE TABLE few (id INTEGER)');
} };\n`,
      });
      await here.sql('INSERT INTO a VALUES (1)');
      const report = await here.run();
      assert.equal(report.reason, 'SchemaMismatch');
      assert.match(report.message, /table few is missing, table many is not expected; 1 more existed before this run/);
    });

    it('does not fail for tables that the models do not know, where nothing can be replayed', async () => {
      const here = await place(dialect);
      await here.sql(LEGACY, 'CREATE TABLE stranger (id INTEGER)');
      const models = join(await temporaryFolder('models'), 'models.cjs');
      await writeFile(
        models,
        "module.exports = (s, T) => s.define('legacy', { name: T.STRING(20), x: T.INTEGER }, { tableName: 'legacy', timestamps: false });\n",
      );
      await here.write({ '1_x.sql': '-- migrate:up\nALTER TABLE legacy ADD COLUMN x INTEGER;\n' });
      const { verify } = Object.fromEntries(
        (await here.run({ models: { path: models }, validation: { after: 'Enforce' } })).steps.map((one) => [
          one.step,
          one,
        ]),
      );
      if (dialect === 'sqlite') assert.match(verify?.message ?? '', /table stranger is not expected.*All existed/);
      else assert.match(verify?.message ?? '', /column legacy\.id/, 'a plain integer is no serial');
      assert.match(verify?.message ?? '', /stranger|1 more existed before/);
    });

    it('has its models loaded before it is opened', async () => {
      const { url } = await temporaryDatabase(dialect);
      const folder = await temporaryFolder('migrations');
      await writeFile(join(folder, '1_a.sql'), '-- migrate:up\nCREATE TABLE a (id INTEGER PRIMARY KEY);\n');
      const cases: [string, string, RegExp][] = [
        ['user.cjs', 'module.exports = (sequelize, T => {', /user\.cjs cannot be loaded: .*/],
        ['index.js', "throw new Error('no REDIS_URL');", /index\.js cannot be loaded: no REDIS_URL/],
        ['index.js', '', /defines no models/],
        ['team.cjs', "require('./not-there');", /team\.cjs cannot be loaded: Cannot find module/],
        ['index.mjs', "import { none } from 'node:fs';", /index\.mjs cannot be loaded: .*none/],
        [
          'user.mjs',
          "import { Model } from 'sequelize';\nexport class User extends Model {}",
          /after its init was called/,
        ],
        ['user.ts', "enum Role { A = 'a' }\nexport default Role;", /user\.ts cannot be loaded: .*enum/],
        [
          'user.cjs',
          'module.exports = async () => { await null; throw "vault is down"; };',
          /cannot be loaded: vault is down/,
        ],
        [
          'user.cjs',
          "module.exports = (s) => Object.assign(s.define('user', {}), { associate(m) { this.belongsTo(m.Team); } });",
          /The associations of the model user .* fail/,
        ],
        ['user.cjs', "module.exports = (s, T) => s.define('user', { a: T.STRINGG });", /Unrecognized datatype/],
      ];
      for (const [name, text, message] of cases) {
        const models = await temporaryFolder('models');
        await writeFile(join(models, name), text);
        const { report } = await runOn(
          url,
          requestFor(folder, await temporaryFolder('b'), { models: { path: models } }),
        );
        assert.equal(report.reason, 'InvalidConfiguration', `${name}: ${report.message}`);
        assert.match(report.message, message);
        assert.equal(report.touched, false);
        assert.deepEqual(
          report.steps.map((one) => one.step),
          ['load'],
          'the database was not opened',
        );
      }
    });
  });
}

describe('extensions that a DBA has installed', function () {
  this.timeout(120_000);
  it('are there in the replay too, unless a migration installs them itself', async () => {
    const here = await place('postgres');
    await here.sql(
      'CREATE EXTENSION citext',
      'CREATE SCHEMA tools',
      'CREATE EXTENSION pg_trgm WITH SCHEMA tools',
      'CREATE EXTENSION fuzzystrmatch WITH SCHEMA pg_catalog',
    );
    await here.write({
      '1_a.sql':
        '-- migrate:up\nCREATE TABLE a (id int PRIMARY KEY, mail citext);\nCREATE INDEX ON a USING gin ((mail::text) tools.gin_trgm_ops);\nCREATE INDEX ON a (pg_catalog.soundex(mail::text));\n',
    });
    const plain = { backup: { enabled: false }, safety: { rehearsal: 'Disabled' } } as const;
    const report = await here.run(plain);
    assert.equal(report.reason, 'Migrated', report.message);
    assert.match(step(report, 'verify')?.message ?? '', /^the schema matches a replay/);
    await here.write({ '2_b.sql': '-- migrate:up\nCREATE EXTENSION hstore;\nCREATE TABLE b (h hstore);\n' });
    const next = await here.run(plain);
    assert.match(step(next, 'verify')?.message ?? '', /^the schema matches a replay/, next.message);
    await takeBaseline({ databaseUrl: here.url, migrations: here.folder, config: false });
    const same = await validateSchema({ databaseUrl: here.url, migrations: here.folder, config: false });
    assert.deepEqual(same.differences, []);
    const tables = await look(here.url, async (database) => (await database.snapshot()).tables.map(({ name }) => name));
    assert.deepEqual(tables, ['a', 'b'], 'our own tables are not among them');
  });
});
