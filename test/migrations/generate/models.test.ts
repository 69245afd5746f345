import assert from 'node:assert/strict';
import { compareSnapshots, describeDifference } from '../../../src/core/schema/compare.ts';
import { generateMigration } from '../../../src/migrations/generate/generate.ts';
import { readModels } from '../../../src/models/read.ts';
import { type Ground, openGround } from '../../database/snapshot-fixtures.ts';
import { DIALECTS, type TestDialect } from '../../support/databases.ts';
import { migrate, write } from './scenario.ts';

const MODELS = ['migrations/models', 'test/fixtures/models-types', 'test/fixtures/models-cli'];
const FORMATS = ['ts', 'js', 'sql'] as const;

function open(dialect: TestDialect): Promise<Ground> {
  return openGround(dialect, dialect === 'postgres' ? ['public', 'Other'] : undefined);
}

describe('migrations generated from models', () => {
  for (const dialect of DIALECTS) {
    for (const path of MODELS) {
      for (const format of FORMATS) {
        it(`make everything from nothing, and take it back: ${path} as ${format} on ${dialect}`, async () => {
          const migrated = await open(dialect);
          const expected = await readModels(path, dialect);
          const start = await migrated.snapshot();
          const generated = generateMigration({ expected, found: start, format });
          assert.equal(generated.kind, 'migration');
          const folder = await write(generated, format);
          await migrate({ dialect, migrated }, folder, 'up', JSON.stringify(generated));
          const found = await migrated.snapshot();
          assert.deepEqual(compareSnapshots(expected, found).map(describeDifference), []);
          assert.deepEqual(generateMigration({ expected, found, format }), { kind: 'nothing' });
          await migrate({ dialect, migrated }, folder, 'down', JSON.stringify(generated));
          assert.deepEqual(await migrated.snapshot(), start);
          await migrated.close();
        });
      }
    }

    it(`leave alone what models have no words for on ${dialect}`, async () => {
      const migrated = await open(dialect);
      const expected = await readModels('test/fixtures/models-list', dialect);
      const first = generateMigration({ expected, found: await migrated.snapshot(), format: 'sql' });
      await migrate({ dialect, migrated }, await write(first, 'sql'), 'up', '');
      await migrated.run('CREATE VIEW cheap AS SELECT id, price FROM items WHERE price < 5');
      if (dialect === 'postgres')
        await migrated.run('ALTER TABLE items ADD CHECK (price > 0);\nCREATE SEQUENCE tickets');
      assert.deepEqual(generateMigration({ expected, found: await migrated.snapshot(), format: 'sql' }), {
        kind: 'nothing',
      });
      await migrated.close();
    });
  }
});
