import assert from 'node:assert/strict';
import { defineAll } from '../../src/models/load.ts';
import { empty, openStage, textFor } from '../migrations/generate/scenario.ts';
import { SCENARIOS } from '../migrations/generate/scenarios.ts';
import { DIALECTS, type TestDialect } from '../support/databases.ts';
import { compareWithSequelize } from './sequelize-view.ts';
import { type Ground, openGround } from './snapshot-fixtures.ts';
import { RICH_POSTGRES, RICH_SQLITE } from './snapshot-schemas.ts';

const SCHEMAS: Record<TestDialect, string> = { postgres: RICH_POSTGRES, sqlite: RICH_SQLITE };

/** So that the other indexes of their tables are compared too: Sequelize throws at these. */
async function withoutExpressionIndexes(ground: Ground): Promise<void> {
  for (const { schema, indexes } of (await ground.snapshot()).tables) {
    for (const { name } of indexes.filter(({ parts }) => parts.some((part) => 'expression' in part))) {
      await ground.run(schema === 'main' ? `DROP INDEX "${name}"` : `DROP INDEX "${schema}"."${name}"`);
    }
  }
}

describe('a snapshot compared with the description by Sequelize', () => {
  for (const dialect of DIALECTS) {
    it(`agrees with describeTable, showIndex and the foreign key query, where these are right: rich schemas on ${dialect}`, async () => {
      const ground = await openGround(dialect, dialect === 'postgres' ? ['public', 'trading', 'Other'] : undefined);
      await ground.run(SCHEMAS[dialect]);
      if (dialect === 'postgres') await ground.run('CREATE SCHEMA "Other"');
      await defineAll('test/fixtures/models-types', ground.sequelize);
      await ground.sequelize.sync({ logging: false });
      await withoutExpressionIndexes(ground);
      const { differences, types, indexes, keys } = await compareWithSequelize(ground, dialect);
      assert.deepEqual(differences, []);
      assert.ok(types > 40 && indexes >= 3 && keys >= 3, `${types} types, ${indexes} indexes, ${keys} columns of keys`);
      await ground.close();
    });

    it(`agrees on every scenario’s schema on ${dialect}`, async function () {
      this.timeout(300_000);
      const stage = await openStage(dialect);
      const differences: string[] = [];
      const wrong = new Set<string>();
      let compared = 0;
      for (const scenario of SCENARIOS) {
        if (scenario.not?.[dialect] !== undefined) continue;
        await empty(stage.migrated, dialect);
        await stage.migrated.run(textFor(scenario.after, dialect));
        const found = await compareWithSequelize(stage.migrated, dialect);
        differences.push(...found.differences.map((difference) => `${scenario.name}: ${difference}`));
        for (const why of found.wrong.keys()) wrong.add(why);
        compared += found.types + found.indexes + found.keys;
      }
      await stage.migrated.close();
      await stage.expected.close();
      assert.deepEqual(differences, []);
      assert.ok(compared > 300, `${compared} compared`);
      assert.ok(wrong.size >= 3, 'the excuses are in use');
    });
  }
});
