import assert from 'node:assert/strict';
import { compareSnapshots, describeDifference } from '../../src/core/schema/compare.ts';
import { openDatabase } from '../../src/database/open.ts';
import { loadMigrations } from '../../src/migrations/load.ts';
import { readMigrations } from '../../src/migrations/read.ts';
import { look, targetOf } from '../engine/request.ts';
import { loadOne } from '../migrations/files.ts';
import { DIALECTS, type TestDialect, temporaryDatabase } from '../support/databases.ts';
import { assertDone, migrate, numbers, openReady } from './migration-fixtures.ts';

/** One folder a format and one that mixes them; some hold what only one database has. */
const FOLDERS: { name: string; only?: TestDialect; reversible: boolean }[] = [
  { name: 'umzug', reversible: true },
  { name: 'sequelize-cli', reversible: true },
  { name: 'dbmate', reversible: true },
  { name: 'goose', reversible: true },
  { name: 'golang-migrate', reversible: true },
  { name: 'flyway', reversible: true },
  { name: 'mixed', reversible: true },
  { name: 'sql', reversible: false },
  { name: 'postgres', only: 'postgres', reversible: true },
  { name: 'sqlite', only: 'sqlite', reversible: true },
];

const TIMEOUTS = { connect: 5_000, lock: 2_000, statement: 0, run: 0 };

for (const dialect of DIALECTS) {
  describe(`migrations of every format on ${dialect}`, () => {
    const CONTEXTS = [
      "const up = async ({ context: sequelize }) => { await sequelize.getQueryInterface().createTable('t', { n: 'INTEGER' }); await sequelize.query('INSERT INTO t VALUES (1)'); await sequelize.transaction(async () => { await sequelize.query('INSERT INTO t VALUES (2)'); }); };",
      "const up = async (params) => { const { context } = params; await context.createTable('t', { n: 'INTEGER' }); await context.bulkInsert('t', [{ n: 1 }]); const A = context.define('t', { n: { type: 'INTEGER', primaryKey: true } }, { timestamps: false, tableName: 't' }); await A.create({ n: 2 }); };",
      "function up(params) { const q = params.context.getQueryInterface(); return q.createTable('t', { n: 'INTEGER' }).then(() => q.bulkInsert('t', [{ n: 1 }, { n: 2 }])).then(() => q.sequelize.authenticate()); }",
      "const up = async (x) => { const s = x.context ?? x; await s.getQueryInterface().createTable('t', { n: 'INTEGER' }); await s.query('INSERT INTO t VALUES (1), (2)'); if ('nope' in s || !('define' in s) || s.nope !== undefined) throw new Error('members'); };",
    ];
    for (const text of CONTEXTS) {
      it(`umzug: the context is Sequelize as well: ${text.slice(0, 60)}`, async () => {
        const database = await openReady((await temporaryDatabase(dialect)).url);
        try {
          assertDone(
            await migrate(database, [await loadOne('1_a.cjs', `${text}\nmodule.exports = { up };\n`, dialect)]),
          );
          assert.deepEqual(await numbers(database), [1, 2]);
        } finally {
          await database.close();
        }
      });
    }

    for (const { name, only, reversible } of FOLDERS.filter((folder) => (folder.only ?? dialect) === dialect)) {
      const title = reversible ? 'go up, down and up again to the same schema' : 'go up';
      it(`${name}: ${title}${only === undefined ? '' : ` (${only} alone has what they use)`}`, async () => {
        const folder = `test/fixtures/formats/${name}`;
        const read = await readMigrations(folder);
        assert.ok(read.ok);
        const migrations = await loadMigrations(folder, read.files, dialect);
        const { url } = await temporaryDatabase(dialect);
        const created = await openDatabase(targetOf(url), {
          timeouts: TIMEOUTS,
          applicationName: 'test',
          create: true,
        });
        await created.history.ensure();
        await created.close();
        const go = (direction: 'up' | 'down') =>
          look(url, async (database) => {
            const list = direction === 'up' ? migrations : [...migrations].reverse();
            const outcome = await database.migrate({
              direction,
              migrations: list,
              runId: 'r',
              toolVersion: '0',
              timeouts: TIMEOUTS,
            });
            assert.equal(
              outcome.kind,
              'done',
              outcome.kind === 'failed' ? `${outcome.problem.migration}: ${outcome.problem.message}` : '',
            );
            return { snapshot: await database.snapshot(), history: await database.history.read() };
          });
        const first = await go('up');
        assert.deepEqual(
          first.history.map(({ revision }) => revision),
          migrations.map(({ revision }) => revision),
        );
        assert.ok(first.snapshot.tables.length > 0);
        if (!reversible) return;
        const down = await go('down');
        assert.deepEqual(down.history, []);
        assert.deepEqual(down.snapshot.tables, []);
        const second = await go('up');
        assert.deepEqual(compareSnapshots(first.snapshot, second.snapshot).map(describeDifference), []);
      });
    }
  });
}
