import assert from 'node:assert/strict';
import { ProblemError } from '../../src/core/model/problem.ts';
import { compareSnapshots, describeDifference } from '../../src/core/schema/compare.ts';
import { loadMigrations } from '../../src/migrations/load.ts';
import { readMigrations } from '../../src/migrations/read.ts';
import { defineAll } from '../../src/models/load.ts';
import { readModels } from '../../src/models/read.ts';
import { openGround } from '../database/snapshot-fixtures.ts';
import { DIALECTS } from '../support/databases.ts';

const FIXTURES = 'test/fixtures';
const TIMEOUTS = { connect: 5_000, lock: 5_000, statement: 0, run: 0 };

describe('models as a snapshot', () => {
  for (const dialect of DIALECTS) {
    for (const folder of ['models-types', 'models-cli']) {
      it(`are what Sequelize itself would create on ${dialect}: ${folder}`, async () => {
        const ground = await openGround(dialect, dialect === 'postgres' ? ['public', 'Other'] : undefined);
        if (dialect === 'postgres') await ground.run('CREATE SCHEMA "Other"');
        await defineAll(`${FIXTURES}/${folder}`, ground.sequelize);
        await ground.sequelize.sync({ logging: false });
        const expected = await readModels(`${FIXTURES}/${folder}`, dialect);
        assert.ok(expected.tables.length >= 2);
        assert.deepEqual(compareSnapshots(expected, await ground.snapshot()).map(describeDifference), []);
        await ground.close();
      });
    }

    it(`of the example are what its migrations make on ${dialect}`, async () => {
      const ground = await openGround(dialect);
      const read = await readMigrations('migrations/versions');
      assert.ok(read.ok);
      await ground.database.history.ensure();
      const outcome = await ground.database.migrate({
        direction: 'up',
        migrations: await loadMigrations('migrations/versions', read.files, dialect),
        runId: 'r',
        toolVersion: '0',
        timeouts: TIMEOUTS,
      });
      assert.equal(outcome.kind, 'done');
      const expected = await readModels('migrations/models', dialect);
      assert.deepEqual(compareSnapshots(expected, await ground.snapshot()).map(describeDifference), []);
      await ground.close();
    });

    it(`can be exported as a list, made on an instance of the application's own: ${dialect}`, async () => {
      const { tables } = await readModels(`${FIXTURES}/models-list`, dialect);
      assert.deepEqual(
        tables.map(({ name, columns, foreignKeys, indexes, uniques }) => [
          name,
          columns.map((column) => column.name).join(' '),
          foreignKeys.map(({ references }) => references.table).join(),
          indexes.map((index) => index.name).join(),
          uniques.length,
        ]),
        [
          ['items', 'id price createdAt updatedAt shopId', 'shops', 'items_price', 0],
          ['shops', 'id name createdAt updatedAt', '', '', 1],
        ],
      );
      const id = tables[0]?.columns[0];
      assert.equal(id?.type, 'INTEGER');
      assert.equal(id?.serial, dialect === 'postgres' ? true : undefined, 'as this dialect would create it');
    });
  }

  it('has one place for a Sequelize of the same file read twice', async () => {
    assert.deepEqual(
      await readModels(`${FIXTURES}/models-cli`, 'sqlite'),
      await readModels(`${FIXTURES}/models-cli`, 'sqlite'),
    );
  });

  const refusals: [string, string, RegExp][] = [
    ['a path that does not exist', 'nowhere/models', /no models at nowhere\/models\. Correct the path/],
    [
      'a file that throws',
      `${FIXTURES}/models-broken/throws.js`,
      /throws\.js cannot be loaded: no such thing as a model/,
    ],
    ['a file without models', `${FIXTURES}/models-broken/nothing.mjs`, /defines no models\. A model file exports/],
  ];
  for (const [name, path, message] of refusals) {
    it(`refuses ${name} with what to do`, async () => {
      await assert.rejects(readModels(path, 'sqlite'), (error) => {
        assert.ok(error instanceof ProblemError);
        assert.equal(error.problem.reason, 'InvalidConfiguration');
        assert.match(error.problem.message, message);
        return true;
      });
    });
  }
});
