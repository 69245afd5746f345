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

    if (dialect === 'postgres') {
      it('take back a table that models have no more, with all sequences that its columns own (H24)', async () => {
        const migrated = await open(dialect);
        const expected = await readModels('test/fixtures/models-list', dialect);
        const first = generateMigration({ expected, found: await migrated.snapshot(), format: 'sql' });
        await migrate({ dialect, migrated }, await write(first, 'sql'), 'up', '');
        await migrated.run(
          'CREATE TABLE old (id int GENERATED ALWAYS AS IDENTITY, b serial);\nCREATE SEQUENCE old_other OWNED BY old.id;\nCREATE SEQUENCE "order" OWNED BY old.b;\nALTER TABLE items ADD COLUMN old_id serial;\nCREATE SEQUENCE items_other OWNED BY items.old_id;\nCREATE SEQUENCE stays OWNED BY items.id',
        );
        const start = await migrated.snapshot();
        const generated = generateMigration({ expected, found: start, format: 'sql' });
        const folder = await write(generated, 'sql');
        await migrate({ dialect, migrated }, folder, 'up', JSON.stringify(generated));
        const found = await migrated.snapshot();
        assert.deepEqual(
          found.sequences.filter(({ ownedBy }) => ownedBy === undefined).map(({ name }) => name),
          ['stays'],
        );
        assert.deepEqual(generateMigration({ expected, found, format: 'sql' }), { kind: 'nothing' });
        await migrate({ dialect, migrated }, folder, 'down', JSON.stringify(generated));
        assert.deepEqual(compareSnapshots(start, await migrated.snapshot()).map(describeDifference), []);
        await migrated.close();
      });
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
