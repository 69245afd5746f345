import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ProblemError } from '../../src/core/model/problem.ts';
import { getMigrationHistory, repairHistory, stampDatabase } from '../../src/library/history.ts';
import { downgradeDatabase, upgradeDatabase } from '../../src/library/migrate.ts';
import { diffMigrations, showMigration } from '../../src/library/stored.ts';
import { query } from '../engine/request.ts';
import { DIALECTS } from '../support/databases.ts';
import { COMPATIBLE, deployment, execute, sql, VERSION_1 } from './going-back-fixtures.ts';

const CODE = `export async function up({ context }) {
  await context.createTable('carts', { id: { type: 'INTEGER', primaryKey: true } });
  await context.bulkInsert('carts', [{ id: 1 }]);
  await context.addIndex('carts', ['id'], { name: 'carts_id' });
}
export async function down({ context }) {
  await context.dropTable('carts');
}
`;

async function problemOf(work: Promise<unknown>) {
  try {
    await work;
  } catch (error) {
    if (error instanceof ProblemError) return error.problem;
    throw error;
  }
  throw new Error('it did not fail');
}

for (const dialect of DIALECTS) {
  describe(`the stored text in the history on ${dialect}`, function () {
    this.timeout(60_000);

    it('is written with the row, shown without the files, and printed byte by byte', async () => {
      const here = await deployment(dialect, COMPATIBLE);
      await upgradeDatabase(here.options);
      await rm(here.folder, { recursive: true });
      const shown = await showMigration({ ...here.options, revision: '0002' });
      assert.deepEqual(shown.files, [{ name: '0002_invoices.sql', text: COMPATIBLE['0002_invoices.sql'] }]);
      const history = await getMigrationHistory(here.options);
      assert.deepEqual(
        history.map(({ revision, state, files }) => [revision, state, files]),
        [
          ['0001_orders', 'missing', ['0001_orders.sql']],
          ['0002_invoices', 'missing', ['0002_invoices.sql']],
        ],
      );
      assert.ok(history.every(({ source }) => source?.format === 'gzip-1' && source.bytes > 0));
    });

    it('reverts with the text alone, SQL and code, and needs no folder', async () => {
      const here = await deployment(dialect, { ...COMPATIBLE, '0003_carts.mjs': CODE });
      await upgradeDatabase(here.options);
      await rm(here.folder, { recursive: true });
      const { migrations } = await downgradeDatabase({ ...here.options, target: '0001' });
      assert.deepEqual(
        migrations.map(({ revision }) => revision),
        ['0003_carts', '0002_invoices'],
      );
      const tables = await here.look(async (database) => (await database.snapshot()).tables.map(({ name }) => name));
      assert.deepEqual(tables, ['orders']);
    });

    it('keeps the statements by which code changed the schema, and none with rows', async () => {
      const here = await deployment(dialect, { '0001_carts.mjs': CODE });
      await upgradeDatabase(here.options);
      const { sent } = await showMigration({ ...here.options, revision: '0001' });
      assert.equal(sent?.complete, true);
      assert.match(sent?.statements.join('\n') ?? '', /CREATE TABLE .*carts[\s\S]*CREATE INDEX .*carts_id/);
      assert.doesNotMatch(sent?.statements.join('\n') ?? '', /insert/i);
    });

    it('of code with own imports is kept and shown, and not run', async () => {
      const here = await deployment(dialect, VERSION_1);
      await writeFile(join(here.folder, '..', 'names.mjs'), "export const table = 'carts';\n");
      const code = CODE.replaceAll("'carts'", 'table');
      await writeFile(join(here.folder, '0002_carts.mjs'), `import { table } from '../names.mjs';\n${code}`);
      await upgradeDatabase(here.options);
      await here.deploy(VERSION_1);
      const { source, files } = await showMigration({ ...here.options, revision: '0002' });
      assert.deepEqual([source?.note, source?.detail], ['OwnImports', '../names.mjs']);
      assert.match(files[0]?.text ?? '', /import \{ table \}/);
      const problem = await problemOf(downgradeDatabase({ ...here.options, target: '0001' }));
      assert.equal(problem.reason, 'MissingMigration');
      assert.match(problem.message, /imports other files, so it cannot be run/);
    });

    it('that is too large is not kept: the history shows it, and a downgrade without the file is refused', async () => {
      const noise = `-- ${randomBytes(1_200_000).toString('base64')}`;
      const here = await deployment(dialect, { ...VERSION_1, '0002_big.sql': sql(`SELECT 1;\n${noise}`, 'SELECT 1;') });
      await upgradeDatabase(here.options);
      await here.deploy(VERSION_1);
      const [, big] = await getMigrationHistory(here.options);
      assert.deepEqual([big?.source?.format, big?.source?.note], [undefined, 'TooLarge']);
      const problem = await problemOf(downgradeDatabase({ ...here.options, target: '0001' }));
      assert.equal(problem.reason, 'MissingMigration');
      assert.match(problem.message, /larger than 1 MiB/);
    });

    const BLOB =
      dialect === 'sqlite' ? 'substr(source, 1, length(source) - 5)' : 'substr(source, 1, length(source) - 5)';
    const damages: [string, string, RegExp][] = [
      [
        'altered',
        `UPDATE db_manager_history SET source = source_other.source FROM (SELECT source FROM db_manager_history WHERE revision = '0001_orders') AS source_other WHERE revision = '0002_invoices'`,
        /changed or truncated/,
      ],
      [
        'truncated',
        `UPDATE db_manager_history SET source = ${BLOB} WHERE revision = '0002_invoices'`,
        /changed or truncated/,
      ],
      [
        'of an unknown format',
        `UPDATE db_manager_history SET source_format = 'brotli-9' WHERE revision = '0002_invoices'`,
        /format brotli-9/,
      ],
      [
        'of another file',
        `UPDATE db_manager_history SET checksum = 'sha256:00' WHERE revision = '0002_invoices'`,
        /its checksum differs/,
      ],
    ];
    for (const [how, damage, message] of damages) {
      it(`that is ${how} is not used, and nothing is reverted`, async () => {
        const here = await deployment(dialect, COMPATIBLE);
        await upgradeDatabase(here.options);
        await here.deploy(VERSION_1);
        await here.look((database) => execute(database, damage));
        const problem = await problemOf(downgradeDatabase({ ...here.options, target: '0001' }));
        assert.equal(problem.reason, 'StoredSourceInvalid');
        assert.match(problem.message, message);
        assert.equal(
          (await problemOf(showMigration({ ...here.options, revision: '0002' }))).reason,
          'StoredSourceInvalid',
        );
        const rows = await here.look((database) => database.history.read());
        assert.equal(rows.length, 2);
      });
    }

    it('is stored by repair if the applied file exists, also instead of a damaged one', async () => {
      const here = await deployment(dialect, { ...COMPATIBLE, '0003_x.sql': sql('SELECT 1;', 'SELECT 1;') });
      await upgradeDatabase(here.options);
      await here.look(async (database) => {
        await execute(
          database,
          "UPDATE db_manager_history SET source = NULL, source_format = NULL WHERE revision = '0001_orders'",
        );
        await execute(database, `UPDATE db_manager_history SET source = ${BLOB} WHERE revision = '0002_invoices'`);
        await execute(
          database,
          "UPDATE db_manager_history SET source = NULL, source_format = NULL WHERE revision = '0003_x'",
        );
      });
      // The third file is another one than was applied.
      await here.deploy({ ...COMPATIBLE, '0003_x.sql': sql('SELECT 2;', 'SELECT 2;') });
      const found = await repairHistory({ ...here.options, storeSources: true });
      assert.deepEqual(
        found.map(({ revision, problem, action }) => [revision, problem, action]),
        [
          ['0003_x', 'edited', 'none'],
          ['0001_orders', 'noText', 'stored'],
          ['0002_invoices', 'noText', 'stored'],
          ['0003_x', 'noText', 'none'],
        ],
      );
      const { files } = await showMigration({ ...here.options, revision: '0002' });
      assert.equal(files[0]?.text, COMPATIBLE['0002_invoices.sql']);
      assert.equal((await problemOf(showMigration({ ...here.options, revision: '0003' }))).reason, 'MissingMigration');
    });

    it('is that of the accepted file after repair --accept-checksums, and survives stamp', async () => {
      const here = await deployment(dialect, COMPATIBLE);
      await upgradeDatabase(here.options);
      const edited = `${COMPATIBLE['0002_invoices.sql']}-- edited\n`;
      await here.deploy({ ...VERSION_1, '0002_invoices.sql': edited });
      await repairHistory({ ...here.options, acceptChecksums: true });
      assert.equal((await showMigration({ ...here.options, revision: '0002' })).files[0]?.text, edited);
      await stampDatabase({ ...here.options, target: 'base' });
      await stampDatabase({ ...here.options, target: 'head' });
      assert.equal((await showMigration({ ...here.options, revision: '0002' })).files[0]?.text, edited);
    });

    it('is compared with an edited file: the message has the place and not the text, and diff has both', async () => {
      const here = await deployment(dialect, COMPATIBLE);
      await upgradeDatabase(here.options);
      const edited = COMPATIBLE['0002_invoices.sql'].replace('total integer', "total numeric DEFAULT 'hunter2'");
      await here.deploy({ ...COMPATIBLE, '0002_invoices.sql': edited });
      const problem = await problemOf(upgradeDatabase(here.options));
      assert.equal(problem.reason, 'ChecksumMismatch');
      assert.match(problem.message, /2 lines differ, the first at 0002_invoices\.sql:2.*migrate diff 0002_invoices/);
      assert.doesNotMatch(JSON.stringify(problem), /hunter2/);
      const [difference] = await diffMigrations(here.options);
      assert.match(difference?.diff ?? '', /^-CREATE TABLE invoices .*total integer/m);
      assert.match(difference?.diff ?? '', /^\+CREATE TABLE invoices .*hunter2/m);
      const [same] = await diffMigrations({ ...here.options, revision: '0001' });
      assert.deepEqual([same?.same, same?.diff], [true, '']);
    });

    it('keeps its line ends: a file that was applied with CRLF is shown with them and does not differ', async () => {
      const text = VERSION_1['0001_orders.sql'].replaceAll('\n', '\r\n');
      const here = await deployment(dialect, { '0001_orders.sql': text });
      await upgradeDatabase(here.options);
      await here.deploy(VERSION_1);
      assert.equal((await showMigration({ ...here.options, revision: '0001' })).files[0]?.text, text);
      assert.deepEqual((await diffMigrations({ ...here.options, revision: '0001' }))[0]?.diff, '');
    });

    it('is not met by what loops over tables: the snapshot, the counts, and code', async () => {
      const here = await deployment(dialect, VERSION_1);
      await upgradeDatabase(here.options);
      await here.look(async (database) => {
        assert.deepEqual(
          (await database.snapshot()).tables.map(({ name }) => name),
          ['orders'],
        );
        assert.deepEqual(
          [...(await database.rowCounts()).keys()].map((key) => key.replace(/^.*\./, '')),
          ['orders'],
        );
        const [row] = await query<{ n: number }>(
          database,
          'SELECT count(*) AS n FROM db_manager_history WHERE layout = 2',
        );
        assert.equal(Number(row?.n), 1);
      });
    });
  });
}
