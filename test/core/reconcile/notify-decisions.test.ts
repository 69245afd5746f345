/** The whole decision about a notification, what an attempt leaves in the status, and the bodies. */
import assert from 'node:assert/strict';
import type { DatabaseMigration, DatabaseMigrationStatus } from '../../../src/core/model/resource.ts';
import type { NotifyStatus } from '../../../src/core/model/resource-notify.ts';
import { afterDelivery, type Delivery, decideNotify, type NotifyEvent } from '../../../src/core/reconcile/notify.ts';
import { notificationBody, signatureOf } from '../../../src/core/reconcile/notify-body.ts';
import { resource as build } from './reconcile-harness.ts';

const NOW = new Date('2026-05-01T10:00:00.900Z');
const EVENTS = ['Success', 'Failure', 'AwaitingApproval', 'Drift'];
type Status = Partial<DatabaseMigrationStatus>;

const condition = (
  type: string,
  status: 'True' | 'False',
  reason: string,
  lastTransitionTime = '2026-05-01T09:59:00Z',
) => ({
  type,
  status,
  reason,
  message: `${reason} said`,
  lastTransitionTime,
});
const resource = (status: Status = {}, spec: object = {}, metadata: object = {}): DatabaseMigration => ({
  ...build(
    { notify: { urlFrom: { secretKeyRef: { name: 's', key: 'url' } }, events: EVENTS }, ...spec },
    { generation: 3, ...metadata },
  ),
  status: { run: { id: 'r1', attempt: 1 }, ...status },
});
const FAILED = [condition('Ready', 'False', 'LockHeld'), condition('Stalled', 'True', 'RetryLimitReached')];
const DRIFTED = condition('InSync', 'False', 'SchemaDrift');
const IN_SYNC = condition('InSync', 'True', 'InSync');
const eventOf = (one: DatabaseMigration): NotifyEvent => {
  const decision = decideNotify(one, NOW);
  assert.ok(decision.kind === 'send', JSON.stringify(decision));
  return decision.event;
};
const asSent = <T>(value: T): T => JSON.parse(JSON.stringify(value));

describe('the event of a notification', () => {
  for (const [kind, reason, conditions] of [
    ['Failure', 'RetryLimitReached', FAILED],
    ['AwaitingApproval', 'AwaitingApproval', [condition('Ready', 'False', 'AwaitingApproval')]],
    ['Success', 'Migrated', [condition('Ready', 'True', 'Migrated')]],
    ['Success', 'Reverted', [condition('Ready', 'True', 'Reverted')]],
    ['Drift', 'SchemaDrift', [condition('Ready', 'True', 'UpToDate'), DRIFTED]],
  ] as const) {
    it(`is ${kind} with the reason and the message of its condition: ${reason}`, () => {
      const { id, ...event } = eventOf(resource({ conditions: [...conditions] }));
      assert.deepEqual(event, { kind, reason, message: `${reason} said` });
      assert.match(id, /^[0-9a-f]{16}$/);
    });
  }

  it('is none where a condition has another status', () => {
    for (const conditions of [
      [condition('Ready', 'False', 'Migrated')],
      [condition('Ready', 'False', 'LockHeld'), condition('Stalled', 'False', 'LockHeld')],
      [condition('Ready', 'True', 'UpToDate'), IN_SYNC],
    ])
      assert.deepEqual(decideNotify(resource({ conditions }), NOW), { kind: 'wait' });
  });

  it('has an id for the resource, the run, the plan or the differences, and the same in each attempt', () => {
    const id = (status: Status, uid = 'u-1') => eventOf(resource(status, {}, { uid })).id;
    const drift = (total: number, message: string) => ({
      conditions: [DRIFTED],
      drift: { total, differences: [{ message }] },
    });
    const plan = (digest: string) => ({ plan: { digest, direction: 'up' as const, migrations: [] } });
    const approval = { conditions: [condition('Ready', 'False', 'AwaitingApproval')] };
    const success = { conditions: [condition('Ready', 'True', 'Migrated')] };
    const run = { run: { id: 'r2', attempt: 1 } };
    const later = [FAILED[0] ?? IN_SYNC, condition('Stalled', 'True', 'RetryLimitReached', '2026-05-01T10:00:00Z')];
    const other = [FAILED[0] ?? IN_SYNC, condition('Stalled', 'True', 'CheckFailed')];
    const ids = [
      id({ conditions: FAILED }),
      id({ conditions: FAILED }, 'u-2'),
      id({ conditions: FAILED, ...run }),
      id({ conditions: later }),
      id({ conditions: other }),
      id({ ...approval, ...plan('1') }),
      id({ ...approval, ...plan('2') }),
      id({ ...approval, ...plan('1') }, 'u-2'),
      id(success),
      id({ ...success, ...run }),
      id(drift(1, 'x')),
      id(drift(1, 'y')),
      id(drift(2, 'x')),
      id(drift(1, 'x'), 'u-2'),
    ];
    assert.equal(new Set(ids).size, ids.length);
    assert.equal(id({ ...approval, ...plan('1'), ...run }), ids[5], 'an approval is of the plan, not of the run');
    assert.equal(id(drift(1, 'x')), ids[10]);
  });

  it('of a run comes before that of drift, and each is handled once', () => {
    const status = { conditions: [...FAILED, DRIFTED] };
    const first = eventOf(resource(status));
    assert.equal(first.kind, 'Failure');
    const second = eventOf(resource({ ...status, notify: { run: first.id } }));
    assert.equal(second.kind, 'Drift');
    const notify = { run: first.id, drift: second.id };
    assert.deepEqual(decideNotify(resource({ ...status, notify }), NOW), { kind: 'wait' });
    assert.equal(eventOf(resource({ ...status, notify: { drift: second.id } })).kind, 'Failure');
    const only = { notify: { urlFrom: { secretKeyRef: { name: 's', key: 'url' } }, events: ['Drift'] } };
    assert.equal(eventOf(resource(status, only)).kind, 'Drift');
  });
});

describe('the decision about a notification', () => {
  const pending: NotifyEvent = { kind: 'Failure', id: 'e1', reason: 'LockHeld', message: 'm' };
  const waiting = (change: NotifyStatus = {}) =>
    resource({
      conditions: FAILED,
      notify: { pending, attempts: 2, nextAttemptAt: '2026-05-01T10:00:10Z', ...change },
    });

  it('waits for the next attempt, and then makes it in any state of the resource', () => {
    assert.deepEqual(decideNotify(waiting(), NOW), { kind: 'wait', after: 9_100 });
    const at = new Date('2026-05-01T10:00:10Z');
    assert.deepEqual(decideNotify(waiting(), at), { kind: 'send', event: pending, attempt: 3 });
    assert.deepEqual(decideNotify(waiting({ attempts: undefined }), at), { kind: 'send', event: pending, attempt: 2 });
    assert.deepEqual(decideNotify(waiting({ nextAttemptAt: undefined }), NOW), {
      kind: 'send',
      event: pending,
      attempt: 3,
    });
  });

  it('is none while the resource is deleted, and removes its fields with the spec', () => {
    assert.deepEqual(decideNotify(resource({ conditions: FAILED }, {}, { deletionTimestamp: 'now' }), NOW), {
      kind: 'wait',
    });
    const without = { notify: undefined };
    assert.deepEqual(decideNotify(resource({ conditions: FAILED }, without), NOW), { kind: 'wait' });
    assert.deepEqual(decideNotify(resource({ conditions: FAILED, notify: { run: 'x' } }, without), NOW), {
      kind: 'write',
      write: { status: {}, events: [] },
    });
  });

  it('forgets the drift that has ended, and keeps the rest', () => {
    const notified = condition('Notified', 'True', 'Notified');
    const notify = { run: 'e1', drift: 'd1', sentAt: '2026-05-01T09:00:00Z' };
    const write = (conditions: Status['conditions']) => decideNotify(resource({ conditions, notify }), NOW);
    const rest = { run: 'e1', sentAt: '2026-05-01T09:00:00Z' };
    assert.deepEqual(write([IN_SYNC, notified]), {
      kind: 'write',
      write: { status: { notify: rest, conditions: [notified] }, events: [] },
    });
    assert.deepEqual(write([IN_SYNC]), { kind: 'write', write: { status: { notify: rest }, events: [] } });
    assert.deepEqual(write([]), { kind: 'wait' });
  });
});

describe('an attempt to notify', () => {
  const event: NotifyEvent = { kind: 'Failure', id: 'e2', reason: 'LockHeld', message: 'm' };
  const drift: NotifyEvent = { ...event, kind: 'Drift', id: 'd2' };
  const refused: Delivery = {
    kind: 'failed',
    reason: 'NotificationFailed',
    message: 'It answered with 500.',
    again: true,
  };
  const before = { run: 'e1', drift: 'd1', sentAt: '2026-05-01T09:00:00Z' };
  const attempted = (of: NotifyEvent, attempt: number, delivery: Delivery) =>
    asSent(afterDelivery(resource({ notify: before }), { event: of, attempt }, delivery, NOW));
  const notified = (status: string, reason: string, message: string) => [
    { type: 'Notified', status, reason, message, lastTransitionTime: '2026-05-01T10:00:00Z', observedGeneration: 3 },
  ];

  it('that is accepted is recorded as the event of a run or of drift', () => {
    const sentAt = '2026-05-01T10:00:00Z';
    assert.deepEqual(attempted(event, 1, { kind: 'sent' }), {
      status: {
        notify: { run: 'e2', drift: 'd1', sentAt },
        conditions: notified('True', 'Notified', 'Failure was reported'),
      },
      events: [],
    });
    assert.deepEqual(attempted(drift, 1, { kind: 'sent' }).status.notify, { run: 'e1', drift: 'd2', sentAt });
  });

  for (const [attempt, seconds] of [
    [1, 10],
    [2, 20],
    [3, 40],
    [4, 80],
  ] as const) {
    it(`number ${attempt} that fails is followed by another after ${seconds} s`, () => {
      const { status, events } = attempted({ ...event, message: 'x'.repeat(3_000) }, attempt, refused);
      const { nextAttemptAt = '', ...notify } = status.notify ?? {};
      const wait = Date.parse(nextAttemptAt) - Date.parse('2026-05-01T10:00:00Z');
      assert.ok(wait >= seconds * 1000 && wait <= seconds * 1100 + 1_000, `${wait}`);
      const kept = { ...event, message: `${'x'.repeat(1_999)}…` };
      assert.deepEqual(notify, { ...before, pending: kept, attempts: attempt });
      const message = `It answered with 500. Attempt ${attempt + 1} of 5 is at ${nextAttemptAt}.`;
      assert.deepEqual(status.conditions, notified('False', 'NotificationFailed', message));
      assert.deepEqual(events, []);
    });
  }

  it('that was the last, or cannot be repeated, gives the event up', () => {
    for (const [attempt, again, times] of [
      [5, true, '5 attempts'],
      [1, false, '1 attempt'],
    ] as const) {
      const message = `The notification of Failure was not delivered after ${times}. It answered with 500. The next event is sent normally.`;
      assert.deepEqual(attempted(event, attempt, { ...refused, again }), {
        status: { notify: { ...before, run: 'e2' }, conditions: notified('False', 'NotificationFailed', message) },
        events: [{ type: 'Warning', reason: 'NotificationFailed', message, key: 'notify u-1 e2' }],
      });
    }
  });
});

describe('the body of a notification', () => {
  const event: NotifyEvent = { kind: 'Drift', id: 'e1', reason: 'SchemaDrift', message: 'x'.repeat(2_001) };
  const full = resource({
    database: 'postgres:bot',
    currentRevision: '1_a',
    targetRevision: '2_b',
    pending: 1,
    plan: { digest: 'sha256:a', direction: 'up', migrations: [] },
    drift: { total: 2 },
  });

  it('has the state of the resource, and the differences only of drift', () => {
    const body = {
      version: 1,
      id: 'e1',
      event: 'Drift',
      reason: 'SchemaDrift',
      message: `${'x'.repeat(1_999)}…`,
      resource: { kind: 'DatabaseMigration', namespace: 'trading', name: 'bot', uid: 'u-1' },
      database: 'postgres:bot',
      currentRevision: '1_a',
      targetRevision: '2_b',
      pending: 1,
      plan: 'sha256:a',
      run: { id: 'r1', attempt: 1 },
      differences: 2,
    };
    assert.deepEqual(JSON.parse(notificationBody(full, event, 'Json')), body);
    const { differences: _, ...rest } = body;
    assert.deepEqual(JSON.parse(notificationBody(full, { ...event, kind: 'Failure' }, 'Json')), {
      ...rest,
      event: 'Failure',
    });
    const least = build();
    assert.deepEqual(Object.keys(JSON.parse(notificationBody(least, event, 'Json'))), [
      'version',
      'id',
      'event',
      'reason',
      'message',
      'resource',
    ]);
  });

  it('is a text without markup for a chat, in the namespace default if there is none', () => {
    const { namespace: _, ...metadata } = full.metadata;
    const message = 'a & b <c> *d* _e_ ~f~ `g`';
    const text = (kind: NotifyEvent['kind']) =>
      JSON.parse(notificationBody({ ...full, metadata }, { ...event, kind, message }, 'Slack')).text;
    const signs = (sign: string) => `\u200b${sign}`;
    const clean = `a &amp; b &lt;c&gt; ${signs('*')}d${signs('*')} ${signs('_')}e${signs('_')} ${signs('~')}f${signs('~')} ${signs('`')}g${signs('`')}`;
    assert.equal(text('Drift'), `*The live schema has drifted*: default/bot (SchemaDrift)\n${clean}`);
    assert.match(text('Success'), /^\*The migration succeeded\*/);
    assert.match(text('AwaitingApproval'), /^\*The plan awaits approval\*/);
  });

  it('is signed with the second of its time', () => {
    // printf '1777629600.body' | openssl dgst -sha256 -hmac key
    const signature = 't=1777629600,v1=76241d237b8ab06f2e87fd0a0f05f5845b3e363ca4cebc539fae2358d4d1bb57';
    assert.equal(signatureOf('body', 'key', NOW), signature);
    assert.equal(signatureOf('body', 'key', new Date('2026-05-01T10:00:00Z')), signature);
    assert.notEqual(signatureOf('body!', 'key', NOW), signature);
    assert.notEqual(signatureOf('body', 'key!', NOW), signature);
  });
});
