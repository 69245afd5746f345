import assert from 'node:assert/strict';
import { type DatabaseMigration, databaseMigrationSchema } from '../../../src/core/model/resource.ts';
import { inputsDigest } from '../../../src/core/reconcile/inputs.ts';
import { afterDelivery, type Delivery, decideNotify, type NotifyWrite } from '../../../src/core/reconcile/notify.ts';
import { notificationBody } from '../../../src/core/reconcile/notify-body.ts';

const NOW = new Date('2026-05-01T10:00:00Z');
const URL_FROM = { secretKeyRef: { name: 'chat', key: 'url' } };
const ALL = ['Success', 'Failure', 'AwaitingApproval', 'Drift'];

const condition = (type: string, status: string, reason: string, at = '2026-05-01T09:59:00Z') => ({
  type,
  status,
  reason,
  message: `${reason} <!channel> & more`,
  lastTransitionTime: at,
});

function resource(conditions: object[], notify: object | null = {}, status: object = {}): DatabaseMigration {
  return databaseMigrationSchema.parse({
    apiVersion: 'db-manager.dev/v1alpha1',
    kind: 'DatabaseMigration',
    metadata: { name: 'orders', namespace: 'shop', uid: 'u', generation: 3 },
    spec: {
      database: { urlFrom: { secretKeyRef: { name: 'x', key: 'x' } } },
      migrations: { configMaps: [{ name: 'x' }] },
      backup: { mode: 'Disabled' },
      ...(notify === null ? {} : { notify: { urlFrom: URL_FROM, events: ALL, ...notify } }),
    },
    status: { run: { id: 'r1', attempt: 1 }, ...status, conditions },
  });
}

const FAILED = [condition('Ready', 'False', 'MigrationFailed'), condition('Stalled', 'True', 'MigrationFailed')];
const REFUSED: Delivery = {
  kind: 'failed',
  reason: 'NotificationFailed',
  message: 'It answered with 500.',
  again: true,
};

function written(one: DatabaseMigration, { status }: NotifyWrite): DatabaseMigration {
  const others = one.status?.conditions?.filter(({ type }) => type !== 'Notified') ?? [];
  const conditions = [...others, ...(status.conditions ?? [])];
  return { ...one, status: { ...one.status, notify: JSON.parse(JSON.stringify(status.notify ?? {})), conditions } };
}

const kindOf = (one: DatabaseMigration) => {
  const decision = decideNotify(one, NOW);
  return decision.kind === 'send' ? decision.event.kind : decision.kind;
};

describe('the decision about notifications', () => {
  it('reports each event that the resource asks for, and nothing else', () => {
    const drifted = condition('InSync', 'False', 'SchemaDrift');
    const cases: [object[], string][] = [
      [FAILED, 'Failure'],
      [[condition('Ready', 'True', 'Migrated')], 'Success'],
      [[condition('Ready', 'True', 'Reverted')], 'Success'],
      [[condition('Ready', 'False', 'AwaitingApproval')], 'AwaitingApproval'],
      [[condition('Ready', 'True', 'UpToDate'), drifted], 'Drift'],
      // A run with nothing to do, a run in progress, a retry that follows, and a resource that waits are no events.
      [[condition('Ready', 'True', 'UpToDate')], 'wait'],
      [[condition('Ready', 'False', 'Running'), condition('Reconciling', 'True', 'Running')], 'wait'],
      [[condition('Ready', 'False', 'LockTimeout'), condition('Reconciling', 'True', 'LockTimeout')], 'wait'],
      [[condition('Ready', 'False', 'Suspended')], 'wait'],
      [[], 'wait'],
    ];
    for (const [conditions, kind] of cases) {
      assert.equal(kindOf(resource(conditions)), kind, JSON.stringify(conditions));
      const others = ALL.filter((one) => one !== kind);
      assert.equal(kindOf(resource(conditions, { events: others })), 'wait', JSON.stringify(conditions));
      assert.equal(kindOf(resource(conditions, null)), 'wait');
    }
  });

  it('sends one event once, and the next again', () => {
    const one = resource(FAILED);
    const decision = decideNotify(one, NOW);
    assert.equal(decision.kind, 'send');
    if (decision.kind !== 'send') return;
    const after = written(one, afterDelivery(one, decision, { kind: 'sent' }, NOW));
    assert.equal(kindOf(after), 'wait');
    assert.equal(after.status?.notify?.sentAt, '2026-05-01T10:00:00Z');
    assert.equal(after.status?.conditions?.find(({ type }) => type === 'Notified')?.status, 'True');
    const { run = { id: 'r1', attempt: 1 }, ...rest } = after.status ?? {};
    assert.equal(kindOf({ ...after, status: { ...rest, run: { ...run, id: 'r2' } } }), 'Failure');
  });

  it('retries with growing delays, and gives up after the fifth attempt with an event', () => {
    let one = resource(FAILED);
    let now = NOW;
    const delays: number[] = [];
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      const decision = decideNotify(one, now);
      assert.ok(decision.kind === 'send' && decision.attempt === attempt, `${attempt}: ${JSON.stringify(decision)}`);
      const write = afterDelivery(one, decision, REFUSED, now);
      assert.equal(write.events.length, attempt === 5 ? 1 : 0);
      one = written(one, write);
      assert.match(
        one.status?.conditions?.at(-1)?.message ?? '',
        attempt === 5 ? /not delivered after 5/ : /Attempt \d of 5/,
      );
      const next = decideNotify(one, now);
      if (attempt === 5) assert.deepEqual(next, { kind: 'wait' });
      else assert.ok(next.kind === 'wait' && next.after !== undefined);
      delays.push(next.kind === 'wait' ? (next.after ?? 0) : 0);
      now = new Date(now.getTime() + (delays.at(-1) ?? 0));
    }
    assert.ok(
      delays.slice(0, 3).every((delay, at) => (delays[at + 1] ?? 0) > delay * 1.5),
      `${delays}`,
    );
  });

  it('stops immediately if another attempt cannot help', () => {
    const one = resource(FAILED);
    const decision = decideNotify(one, NOW);
    assert.ok(decision.kind === 'send');
    const write = afterDelivery(one, decision, { ...REFUSED, reason: 'NotAllowed', again: false }, NOW);
    assert.equal(write.events[0]?.reason, 'NotAllowed');
    assert.deepEqual(decideNotify(written(one, write), NOW), { kind: 'wait' });
  });

  it('reports the same drift again only after the schema was in sync', () => {
    const drift = { total: 1, differences: [{ message: 'column x' }] };
    const one = resource([condition('InSync', 'False', 'SchemaDrift')], {}, { drift });
    const decision = decideNotify(one, NOW);
    assert.ok(decision.kind === 'send');
    const sent = written(one, afterDelivery(one, decision, { kind: 'sent' }, NOW));
    assert.equal(kindOf(sent), 'wait');
    const more = { ...sent, status: { ...sent.status, drift: { ...drift, total: 2 } } };
    assert.equal(kindOf(more), 'Drift');
    const conditions = [condition('InSync', 'True', 'InSync'), ...(sent.status?.conditions ?? []).slice(1)];
    const inSync = { ...sent, status: { ...sent.status, conditions } } as DatabaseMigration;
    const reset = decideNotify(inSync, NOW);
    assert.ok(reset.kind === 'write');
    const again = { ...written(inSync, reset.write) };
    assert.equal(kindOf(again), 'wait');
    assert.equal(kindOf({ ...again, status: { ...again.status, conditions: one.status?.conditions } }), 'Drift');
  });

  it('removes its fields with the spec, and is not an input of a run', () => {
    const one = resource(FAILED, null, { notify: { run: 'x' } });
    assert.deepEqual(decideNotify(one, NOW), { kind: 'write', write: { status: {}, events: [] } });
    assert.equal(inputsDigest(resource([]), []), inputsDigest(resource([], null), []));
  });

  it('makes a body that mentions no one and has no markup of the message', () => {
    const one = resource(FAILED);
    const decision = decideNotify(one, NOW);
    assert.ok(decision.kind === 'send');
    const slack = JSON.parse(notificationBody(one, decision.event, 'Slack'));
    assert.deepEqual(Object.keys(slack), ['text']);
    assert.match(
      slack.text,
      /^\*The migration failed\*: shop\/orders \(MigrationFailed\)\nMigrationFailed &lt;!channel&gt; &amp; more$/,
    );
    const json = JSON.parse(notificationBody(one, decision.event, 'Json'));
    assert.deepEqual(
      [json.version, json.event, json.reason, json.resource.name],
      [1, 'Failure', 'MigrationFailed', 'orders'],
    );
    const long = { ...decision.event, message: 'x'.repeat(100_000) };
    assert.ok(notificationBody(one, long, 'Json').length < 5_000);
  });
});
