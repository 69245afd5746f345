import assert from 'node:assert/strict';
import { REASON_NAMES } from '../../../src/core/model/reason.ts';
import type { DatabaseMigration } from '../../../src/core/model/resource.ts';
import { happenedAt, whatToDo } from '../../../src/core/reconcile/stalled-message.ts';

const resource = { metadata: { name: 'orders', namespace: 'shop' } } as DatabaseMigration;
const AGAIN =
  'To retry without changes: kubectl annotate dbm orders -n shop db-manager.dev/retry="$(date +%s)" --overwrite';

describe('what a person has to do', () => {
  it('follows what happened, with the command that runs it again', () => {
    assert.equal(
      whatToDo(resource, 'MigrationFailed', 'no such table: nowhere'),
      `no such table: nowhere. Correct the migration. A new run starts when its ConfigMap or image changes. ${AGAIN}`,
    );
  });

  it('is left to a message that contains a command', () => {
    const message = 'The plan changed. To approve: kubectl patch dbm orders';
    assert.equal(whatToDo(resource, 'PlanChanged', message), message);
  });

  it('is never truncated', () => {
    for (const reason of REASON_NAMES) {
      const text = whatToDo(resource, reason, 'x'.repeat(5_000));
      assert.ok(text.length <= 1_024, reason);
      assert.ok(text.endsWith(AGAIN), reason);
    }
  });
});

describe('what happened', () => {
  const place = {
    migration: '2_change',
    position: { file: '2_change.sql', line: 3, column: 5 },
    statement: 'INSERT INTO nowhere\n  VALUES (1)',
  };

  it('names migration, file, line and statement (C10)', () => {
    assert.equal(
      happenedAt('no such table: nowhere', place, 500),
      'no such table: nowhere. At 2_change, 2_change.sql:3:5. Statement: INSERT INTO nowhere VALUES (1).',
    );
  });

  // Second inputs of C10: words of a migration that look like ours, statements with line ends, code without a statement.
  for (const reason of ['MigrationFailed', 'RehearsalFailed'] as const) {
    it(`does not mistake a command in the text of a migration for its own advice: ${reason}`, () => {
      const said = 'run kubectl delete namespace shop, then kubectl get dbm';
      const text = whatToDo(resource, reason, said, place);
      assert.ok(text.startsWith(said));
      assert.match(text, /At 2_change, 2_change\.sql:3:5\. Statement: INSERT INTO nowhere VALUES \(1\)\./);
      assert.ok(text.endsWith(AGAIN), text);
    });
  }

  it('has one line, for any line ends and tabs in the statement', () => {
    const statement = '\r\n\tUPDATE\u2028accounts\r\n\t SET x = 1 \n;\n';
    const text = happenedAt('deadlock detected', { ...place, statement }, 500);
    assert.equal(text, 'deadlock detected. At 2_change, 2_change.sql:3:5. Statement: UPDATE accounts SET x = 1 ;');
  });

  it('names the migration and its line where code has no statement', () => {
    const position = { file: '3_fill.ts', line: 12, column: 3 };
    assert.equal(
      happenedAt('x is not a function', { migration: '3_fill', position }, 500),
      'x is not a function. At 3_fill, 3_fill.ts:12:3.',
    );
    assert.equal(happenedAt('x is not a function', {}, 500), 'x is not a function.');
  });

  it('adds no stop to a command, which would be copied with it', () => {
    for (const message of [
      `The plan waits. To approve: kubectl patch dbm orders --type merge -p '{"spec":{"approvedPlan":"sha256:4f"}}'`,
      '1_a was edited. Accept it: kubectl annotate dbm orders db-manager.dev/repair=applied:4f --overwrite',
      'Approve: kubectl edit dbm orders.v1',
    ])
      assert.equal(happenedAt(message, undefined, 500), message);
    assert.equal(
      happenedAt('See kubectl get pvc. It is not bound', undefined, 500),
      'See kubectl get pvc. It is not bound.',
    );
  });

  it('does not repeat what the message has', () => {
    const message = '2_change (2_change.sql:3:5) failed at INSERT INTO nowhere VALUES (1)';
    assert.equal(happenedAt(message, place, 500), `${message}.`);
  });

  it('is followed by advice once, in words for a cluster', () => {
    const advice = 'Undo the edit, or `db-manager repair --accept-checksums`.';
    const text = whatToDo(resource, 'ChecksumMismatch', `1_a.sql was edited after it was applied. ${advice}`);
    assert.equal(text.match(/accept-checksums/g)?.length, 1);
    assert.doesNotMatch(text, /db-manager repair/);
    assert.match(text, /kubectl annotate dbm orders -n shop db-manager\.dev\/repair=accept-checksums:/);
    const target = whatToDo(
      resource,
      'UnknownTarget',
      '"x" is no migration. `db-manager migrate history` lists the names.',
    );
    assert.doesNotMatch(target, /db-manager migrate history/);
    assert.match(target, /kubectl patch dbm orders -n shop --type merge -p '\{"spec":\{"target":"head"\}\}'/);
  });

  it('fits into a message with a long statement', () => {
    const long = {
      migration: 'm'.repeat(300),
      position: { file: 'f'.repeat(300), line: 1, column: 1 },
      statement: 's'.repeat(9_000),
    };
    for (const reason of REASON_NAMES) {
      const text = whatToDo(resource, reason, 'x'.repeat(5_000), long);
      assert.ok(text.length <= 1_250 && text.endsWith(AGAIN), `${reason} ${text.length}`);
    }
  });
});
