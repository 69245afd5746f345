import assert from 'node:assert/strict';
import { REASON_NAMES, REASONS } from '../../../src/core/model/reason.ts';
import type { DatabaseMigration } from '../../../src/core/model/resource.ts';
import { whatToDo } from '../../../src/core/reconcile/what-to-do.ts';

const resource = { metadata: { name: 'orders', namespace: 'shop' } } as DatabaseMigration;
const AGAIN =
  'To run it again as it is: kubectl annotate dbm orders -n shop db-manager.dev/retry="$(date +%s)" --overwrite';

describe('what a person has to do', () => {
  it('is said after what happened, with the command that runs it again', () => {
    assert.equal(
      whatToDo(resource, 'MigrationFailed', 'no such table: nowhere'),
      `no such table: nowhere. ${REASONS.MigrationFailed.help} ${AGAIN}`,
    );
  });

  it('is left to a message that has a command of its own', () => {
    const message = 'The plan changed. To approve: kubectl patch dbm orders';
    assert.equal(whatToDo(resource, 'PlanChanged', message), message);
  });

  it('is never cut off, whatever happened', () => {
    for (const reason of REASON_NAMES) {
      const text = whatToDo(resource, reason, 'x'.repeat(5_000));
      assert.ok(text.length <= 1_024, reason);
      assert.ok(text.endsWith(AGAIN), reason);
    }
  });
});
