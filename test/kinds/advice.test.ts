import assert from 'node:assert/strict';
import { REASON_NAMES } from '../../src/core/model/reason.ts';
import { failureText } from '../../src/kinds/advice.ts';

const resource = (kind: string) => ({
  apiVersion: 'db-manager.dev/v1alpha1',
  kind,
  metadata: { name: 'undo', namespace: 'shop' },
  spec: {},
});

describe('what a failed backup or restore says', () => {
  it('has commands for kubectl, with the names of the resource, and none of the command line', () => {
    for (const [kind, short] of [
      ['DatabaseBackup', 'dbb'],
      ['DatabaseRestore', 'dbr'],
    ] as const) {
      for (const reason of REASON_NAMES) {
        const text = failureText(resource(kind), reason, 'It went wrong. To list: `db-manager list-backups`.');
        assert.match(text, /^It went wrong\. /, text);
        assert.match(
          text,
          new RegExp(`kubectl get ${short} undo -n shop -o json .*kubectl replace --force -f -$`),
          text,
        );
        assert.doesNotMatch(text, /db-manager [a-z]|--(?!type|force)[a-z]|NAME|SHORT/, text);
      }
    }
  });

  it('turns the option of the command line into the field of the resource', () => {
    const sessions =
      'shop is used by web of app (backend 7). Stop them, or pass --terminate-sessions to terminate them.';
    assert.equal(
      failureText(resource('DatabaseRestore'), 'ActiveSessions', sessions),
      `shop is used by web of app (backend 7). Stop the application, then restore again. To terminate the sessions instead: kubectl get dbr undo -n shop -o json | sed 's/"terminateSessions": false/"terminateSessions": true/' | kubectl replace --force -f -`,
    );
  });
});
