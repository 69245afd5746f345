import assert from 'node:assert/strict';
import { DIALECTS } from '../../support/databases.ts';
import { sharedPostgres } from '../../support/postgres.ts';
import { openStage, play, type Stage } from './scenario.ts';
import { GROUPS, SCENARIOS } from './scenarios.ts';

describe('the scenarios', () => {
  it('are at least 150 on each database, and state why one of them has no such case', () => {
    for (const dialect of DIALECTS) {
      assert.ok(SCENARIOS.filter(({ not }) => not?.[dialect] === undefined).length >= 150);
    }
    for (const { name, not = {} } of SCENARIOS) for (const why of Object.values(not)) assert.ok(why.length > 5, name);
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
          // Not skipped: the database does not have this feature, as the name shows.
          if (why !== undefined) continue;
          it(scenario.name, async function () {
            if (dialect === 'postgres' && (await isTooNew(scenario))) this.skip();
            await play(stage, scenario, number);
          });
        }
      });
    }
  });
}

/** PostgreSQL 15 brought NULLS NOT DISTINCT, and columns after ON DELETE SET NULL. */
async function isTooNew(scenario: object): Promise<boolean> {
  const { version } = await sharedPostgres();
  return version < 150_000 && /NULLS NOT DISTINCT|SET NULL \(/.test(JSON.stringify(scenario));
}
