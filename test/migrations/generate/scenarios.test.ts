import assert from 'node:assert/strict';
import { DIALECTS } from '../../support/databases.ts';
import { openStage, play, type Scenario, type Stage } from './scenario.ts';
import { COLUMN_SCENARIOS } from './scenarios-columns.ts';
import { CONSTRAINT_SCENARIOS } from './scenarios-constraints.ts';
import { INDEX_SCENARIOS } from './scenarios-indexes.ts';
import { OBJECT_SCENARIOS } from './scenarios-objects.ts';
import { TABLE_SCENARIOS } from './scenarios-tables.ts';

const GROUPS: Record<string, Scenario[]> = {
  tables: TABLE_SCENARIOS,
  columns: COLUMN_SCENARIOS,
  constraints: CONSTRAINT_SCENARIOS,
  indexes: INDEX_SCENARIOS,
  'enums, sequences, views and triggers': OBJECT_SCENARIOS,
};

describe('the scenarios', () => {
  const all = Object.values(GROUPS).flat();

  it('are at least 150 on each database, and say why one of them has no such case', () => {
    for (const dialect of DIALECTS) {
      assert.ok(all.filter(({ not }) => not?.[dialect] === undefined).length >= 150);
    }
    for (const { name, not = {} } of all) for (const why of Object.values(not)) assert.ok(why.length > 5, name);
  });
});

for (const dialect of DIALECTS) {
  describe(`a generated migration goes there and back on ${dialect}`, () => {
    let stage: Stage;
    before(async () => {
      stage = await openStage(dialect);
    });
    after(async () => {
      await stage.migrated.close();
      await stage.expected.close();
    });

    for (const [group, scenarios] of Object.entries(GROUPS)) {
      describe(group, () => {
        for (const [number, scenario] of scenarios.entries()) {
          const why = scenario.not?.[dialect];
          // Not skipped: the database has no such thing, and the name says so.
          if (why !== undefined) continue;
          it(scenario.name, () => play(stage, scenario, number));
        }
      });
    }
  });
}
