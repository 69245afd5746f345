import assert from 'node:assert/strict';
import { DataTypes, Sequelize } from 'sequelize';
import type { Dialect } from '../../src/core/model/dialect.ts';
import type { Snapshot } from '../../src/core/model/snapshot.ts';
import { describeDifference } from '../../src/core/schema/compare.ts';
import { differencesOn, inWordsOf } from '../../src/engine/difference.ts';
import { generateMigration } from '../../src/migrations/generate/generate.ts';
import { snapshotOf } from '../../src/models/read.ts';
import { openGround } from '../database/snapshot-fixtures.ts';
import { migrate, write } from '../migrations/generate/scenario.ts';
import { DIALECTS } from '../support/databases.ts';
import { type ModelSet, SETS } from './sets.ts';

function read({ define }: ModelSet, dialect: Dialect): Snapshot {
  const sequelize = new Sequelize({ dialect, ...(dialect === 'sqlite' ? { storage: ':memory:' } : {}) });
  define(sequelize, DataTypes);
  return snapshotOf(Object.values(sequelize.models), dialect);
}

for (const dialect of DIALECTS) {
  describe(`models of applications on ${dialect}`, function () {
    this.timeout(120_000);
    const open = ({ schemas = [] }: ModelSet) =>
      openGround(dialect, dialect === 'postgres' ? ['public', ...schemas] : undefined);

    for (const [name, set] of Object.entries(SETS)) {
      if (set.only !== undefined && set.only !== dialect) continue;

      it(`are what sync makes: ${name}`, async () => {
        const ground = await open(set);
        for (const schema of set.schemas ?? []) await ground.run(`CREATE SCHEMA ${schema}`);
        set.define(ground.sequelize, DataTypes);
        await ground.sequelize.sync({ logging: false });
        const expected = read(set, dialect);
        const found = await ground.snapshot();
        assert.equal(found.tables.length, expected.tables.length);
        assert.deepEqual((await differencesOn(ground.database, expected, found)).map(describeDifference), []);
        await ground.close();
      });

      it(`are generated once, and taken back: ${name}`, async () => {
        const ground = await open(set);
        const start = await ground.snapshot();
        const expected = read(set, dialect);
        const generated = generateMigration({ expected, found: start, format: 'ts' });
        const folder = await write(generated, 'ts');
        const story = JSON.stringify(generated).slice(0, 2_000);
        await migrate({ dialect, migrated: ground }, folder, 'up', story);
        const found = await ground.snapshot();
        const worded = await inWordsOf(ground.database, expected, found);
        assert.deepEqual(generateMigration({ expected: worded, found, format: 'ts' }), { kind: 'nothing' });
        await migrate({ dialect, migrated: ground }, folder, 'down', story);
        assert.deepEqual(await ground.snapshot(), start);
        await ground.close();
      });
    }
  });
}
