/** What is done in a situation, when it is looked at again, and which events say so. */
import assert from 'node:assert/strict';
import type { Reason } from '../../../src/core/model/reason.ts';
import type { RunReport } from '../../../src/core/model/report.ts';
import { decide, FINALIZER } from '../../../src/core/reconcile/decide.ts';
import { EMPTY_LOG, type ObservedRun } from '../../../src/core/reconcile/observed.ts';
import type { EventRecord, Situation } from '../../../src/core/reconcile/situation.ts';
import { report, START, World } from './reconcile-harness.ts';

// Nothing of the code under test runs while this file is loaded: scripts/mutation would start a process for each change of it.
const run: ObservedRun = {
  id: 'bot-1',
  job: 'bot-1',
  attempt: 1,
  inputs: 'sha256:i',
  generation: 1,
  createdAt: START.toISOString(),
  state: 'active',
  log: EMPTY_LOG,
};
const decided = (situation: Situation, spec: object = {}, finalizers = [FINALIZER], status?: object) => {
  const world = new World(spec);
  const { resource } = world;
  const metadata = { ...resource.metadata, finalizers };
  const observed = { ...world.observed(), resource: { ...resource, metadata, ...(status && { status }) } };
  return decide({ ...situation, observed, now: START });
};

describe('the actions of a decision', () => {
  const due = { kind: 'due', run } as const;
  const kinds = (situation: Situation, spec?: object, finalizers?: string[]) =>
    decided(situation, spec, finalizers)
      .actions.map(({ kind }) => kind)
      .filter((kind) => kind !== 'writeStatus' && kind !== 'emitEvents');

  it('create what a run needs, and the claim only where its size is given and backups are taken', () => {
    const volume = { claimName: 'c' };
    const sized = { size: '1Gi' };
    assert.deepEqual(kinds(due, {}, []), ['addFinalizer', 'createJob']);
    assert.deepEqual(kinds(due, {}, ['other']), ['addFinalizer', 'createJob']);
    assert.deepEqual(kinds(due), ['createJob']);
    assert.deepEqual(kinds(due, { backup: { volume: sized } }), ['createClaim', 'createJob']);
    assert.deepEqual(kinds(due, { backup: { volume } }), ['createJob']);
    assert.deepEqual(kinds(due, { backup: { mode: 'Disabled', volume: sized } }), ['createJob']);
    assert.deepEqual(kinds(due, { backup: { mode: 'Disabled' } }), ['createJob']);
  });

  const result = { kind: 'reported', report: report(run, START) } as const;
  const vanished = { kind: 'vanished', run } as const;
  const cases: [Situation, string[]][] = [
    [{ kind: 'running', run }, []],
    [{ kind: 'superseded', run }, ['deleteJob']],
    [{ kind: 'finished', run, result }, ['removeFinalizer']],
    [vanished, ['removeFinalizer']],
    [{ kind: 'unmanaged' }, ['removeFinalizer']],
    [{ kind: 'invalid', reason: 'NotAllowed', message: 'm' }, ['removeFinalizer']],
    [{ kind: 'suspended' }, ['removeFinalizer']],
    [{ kind: 'waiting', reason: 'Queued', message: 'm' }, ['removeFinalizer']],
    [{ kind: 'upToDate' }, ['removeFinalizer']],
    [{ kind: 'stalled', reason: 'LockHeld', limitReached: true }, ['removeFinalizer']],
    [{ kind: 'deleting', open: { kind: 'none' } }, ['removeFinalizer']],
    [{ kind: 'deleting', open: { kind: 'begun', run } }, []],
    [{ kind: 'deleting', open: { kind: 'notBegun', run } }, ['deleteJob', 'removeFinalizer']],
    [{ kind: 'deleting', open: { kind: 'ended', run, result } }, ['removeFinalizer']],
  ];
  for (const [situation, expected] of cases) {
    const open = situation.kind === 'deleting' ? ` with a run that is ${situation.open.kind}` : '';
    it(`${situation.kind}${open}: ${expected.join(', ') || 'none'}`, () => {
      assert.deepEqual(kinds(situation), expected);
      const without = expected.filter((kind) => kind !== 'removeFinalizer');
      assert.deepEqual(kinds(situation, {}, []), without, 'there is no finalizer to remove');
    });
  }
});

describe('the time of the next look', () => {
  const pod = { name: 'p', started: false };
  const result = { kind: 'reported', report: report(run, START) } as const;
  const waiting = (reason: Reason, until?: string): Situation => ({
    kind: 'waiting',
    reason,
    message: '',
    ...(until === undefined ? {} : { until: new Date(until) }),
  });
  const cases: [Situation, number | undefined][] = [
    [{ kind: 'running', run }, 3_000],
    [{ kind: 'running', run: { ...run, pod } }, 30_000],
    [{ kind: 'superseded', run }, 1_000],
    [{ kind: 'finished', run, result }, 0],
    [{ kind: 'vanished', run }, 0],
    [waiting('Queued'), 10_000],
    [waiting('DatabaseInUse'), 10_000],
    [waiting('WaitingForDependency'), undefined],
    [waiting('Queued', '2024-06-01T12:00:07.500Z'), 7_500],
    [waiting('OutsideWindow', '2024-06-01T11:00:00Z'), 0],
    [{ kind: 'stalled', reason: 'LockHeld', limitReached: true }, undefined],
    [{ kind: 'suspended' }, undefined],
    [{ kind: 'upToDate' }, undefined],
    [{ kind: 'unmanaged' }, undefined],
    [{ kind: 'invalid', reason: 'NotAllowed', message: '' }, undefined],
    [{ kind: 'due', run }, undefined],
  ];
  for (const [situation, expected] of cases)
    it(`${JSON.stringify(situation).slice(0, 60)}: ${expected ?? 'when something changes'}`, () => {
      const decision = decided(situation);
      assert.equal(decision.requeueAfter, expected);
      assert.equal('requeueAfter' in decision, expected !== undefined);
    });

  for (const [age, delay] of [
    [0, 2_000],
    [20_000, 2_000],
    [30_000, 3_000],
    [2_999_000, 299_900],
    [3_001_000, 300_000],
    [86_400_000, 300_000],
    [undefined, 2_000],
  ] as const) {
    it(`of a failed run ${age} ms ago: after ${delay} ms, and only at the limit`, () => {
      const finishedAt = age === undefined ? undefined : new Date(START.getTime() - age).toISOString();
      const last = { id: 'x', attempt: 1, references: 'r', finishedAt };
      const recheck = (limitReached: boolean, change: object = {}) =>
        decided({ kind: 'stalled', reason: 'LockHeld', limitReached }, {}, [], { run: { ...last, ...change } });
      assert.equal(recheck(true).requeueAfter, delay);
      assert.equal(recheck(false).requeueAfter, undefined);
      assert.equal(recheck(true, { references: undefined }).requeueAfter, undefined);
    });
  }
});

/** The events of a run that ends with this report; its id is RUN. */
function ended(change: Partial<RunReport>, spec: object = {}, before?: (one: World) => void): EventRecord[] {
  const one = new World(spec);
  before?.(one);
  one.step();
  const { id } = one.open();
  return one
    .reports(change)
    .step()
    .events.map((event) => ({ ...event, key: event.key.replace(id, 'RUN') }));
}
const failed = (change: Partial<RunReport>): Partial<RunReport> => ({
  result: 'failed',
  reason: 'MigrationFailed',
  retry: 'never',
  steps: [],
  ...change,
});

describe('the event of the end of a run', () => {
  const backup = { name: 'b_1', path: '/b', sizeBytes: 1, sha256: 'x', takenAt: '2024-06-01T12:00:00Z' } as const;
  const taken = { ...backup, verifiedBy: 'Checksum' as const };
  const failure = { reason: 'MigrationFailed', message: 'boom', statement: 'INSERT INTO t' } as const;
  const cases: [what: string, change: Partial<RunReport>, event: Omit<EventRecord, 'key'>][] = [
    [
      'that succeeded',
      {},
      { type: 'Normal', reason: 'Migrated', message: '2 migrations applied; the database is at 2_b.' },
    ],
    [
      'that took a backup',
      { backup: taken },
      { type: 'Normal', reason: 'Migrated', message: '2 migrations applied; the database is at 2_b. Backup: b_1.' },
    ],
    [
      'that was a dry run',
      { backup: taken, reason: 'DryRun', message: 'Nothing was written.' },
      { type: 'Normal', reason: 'DryRun', message: 'Nothing was written.' },
    ],
    [
      'that failed, with its statement and its backup',
      failed({ message: 'boom', failure, backup: taken }),
      {
        type: 'Warning',
        reason: 'MigrationFailed',
        message: 'boom. Statement: INSERT INTO t. Backup: b_1.',
      },
    ],
    [
      'that failed at a statement that its message has',
      failed({ message: 'boom. Statement: INSERT', failure: { ...failure, message: 'boom' } }),
      { type: 'Warning', reason: 'MigrationFailed', message: 'boom. Statement: INSERT. Statement: INSERT INTO t.' },
    ],
    [
      'that awaits an approval',
      { result: 'blocked', reason: 'AwaitingApproval', message: 'Approve it.', backup: taken },
      { type: 'Normal', reason: 'AwaitingApproval', message: 'Approve it. Backup: b_1.' },
    ],
    [
      'whose message ends with a command, which comes last',
      {
        result: 'blocked',
        reason: 'AwaitingApproval',
        message: 'Approve it: kubectl patch dbm bot',
        backup: taken,
      },
      { type: 'Normal', reason: 'AwaitingApproval', message: 'Backup: b_1. Approve it: kubectl patch dbm bot' },
    ],
  ];
  for (const [what, change, event] of cases) {
    it(`${what}: ${event.message}`, () => assert.deepEqual(ended(change), [{ ...event, key: 'RUN end' }]));
  }

  it('is cut, its message at 700 characters, its statement at 300, and both at 1,000', () => {
    const said = (message: string, statement: string) => {
      const change = failed({ message, failure: { ...failure, statement } });
      // A sidecar: in a cluster Ready has the statement already.
      return ended(change, { execution: 'Sidecar' }, (one) => {
        one.controller = 'sidecar';
      })[0]?.message;
    };
    assert.equal(said('boom.', 's'.repeat(301)), `boom. Statement: ${'s'.repeat(299)}…`);
    assert.equal(said('x'.repeat(5_000), 's'), `${'x'.repeat(699)}… Statement: s`);
    assert.equal(said('x'.repeat(5_000), 's'.repeat(301)), `${'x'.repeat(699)}… Statement: ${'s'.repeat(287)}…`);
    assert.equal(said('x'.repeat(800), 's'), `Statement: s ${'x'.repeat(699)}…`);
    assert.equal(said('boom. STATEMENT: x.', 's'), 'boom. STATEMENT: x.');
  });

  it('names the backup of this run only', () => {
    const [event] = ended({ reason: 'UpToDate', message: 'Nothing to do.' }, {}, (one) => {
      one.resource = { ...one.resource, status: { ...one.resource.status, backup: taken } };
    });
    assert.equal(event?.message, 'Nothing to do.');
  });

  it('is followed by that of the limit, with the advice for the cluster', () => {
    const events = ended(failed({ reason: 'LockHeld', retry: 'safe', message: 'held.' }), { retry: { limit: 0 } });
    assert.deepEqual(events, [
      { type: 'Warning', reason: 'LockHeld', message: 'held.', key: 'RUN end' },
      {
        type: 'Warning',
        reason: 'RetryLimitReached',
        message:
          'Attempt 1 was the last. Fix the cause. A change of a Secret, a ConfigMap or a claim that the run uses starts an attempt automatically. Otherwise: kubectl annotate dbm bot -n trading db-manager.dev/retry="$(date +%s)" --overwrite',
        key: 'RUN limit',
      },
    ]);
  });

  it('comes once for a run, and again for the next', () => {
    const one = new World();
    one.step();
    const first = one.reports().step().events;
    assert.deepEqual(one.step().events, []);
    one.configMaps.set('migrations', '2');
    one.step();
    const second = one.reports().step().events;
    assert.deepEqual([first.length, second.length, first[0]?.key === second[0]?.key], [1, 1, false]);
  });

  it('comes for a run that a crashed controller had not recorded, even if it ended in the same second', () => {
    const one = new World();
    one.step();
    one.reports().step();
    one.configMaps.set('migrations', '2');
    one.step();
    const { id: next } = one.open();
    one.resource = {
      ...one.resource,
      status: { ...one.resource.status, run: { id: 'before', attempt: 1, finishedAt: '2024-06-01T12:00:00Z' } },
    };
    assert.deepEqual(
      one
        .reports()
        .step()
        .events.map(({ key }) => key),
      [`${next} end`],
    );
  });
});

describe('the event of a start', () => {
  it('names the attempt and the Job, once', () => {
    const one = new World();
    const fresh = one.resource;
    const { events } = one.step();
    const { id, job } = one.open();
    const started = {
      type: 'Normal',
      reason: 'Running',
      message: `Attempt 1 started: Job ${job}.`,
      key: `${id} start`,
    };
    assert.deepEqual(events, [started]);
    assert.deepEqual(one.says('load').step().events, []);
    one.resource = fresh;
    assert.deepEqual(one.step().events, [started], 'a crashed controller had not recorded it');
  });
});

describe('the event of a change without a run', () => {
  const observedOf = (one: World) => `${one.resource.metadata.generation} ${one.observed().inputs}`;

  it('comes once for each cause, as a warning where a person has to act', () => {
    const one = new World();
    const message =
      'The limit --max-concurrent-runs of the operator is reached; this run starts when another run ends.';
    one.slot = { kind: 'taken', by: 'all' };
    assert.deepEqual(one.step().events, [
      { type: 'Normal', reason: 'Queued', message, key: `${observedOf(one)}  Queued` },
    ]);
    one.slot = { kind: 'taken', by: 'turn' };
    assert.deepEqual(one.step().events, [], 'the cause is the same');
    one.edit({ suspend: true });
    assert.deepEqual(one.step().events, [
      {
        type: 'Normal',
        reason: 'Suspended',
        message: 'A run is pending until spec.suspend is false.',
        key: `${observedOf(one)}  Suspended`,
      },
    ]);
    one.edit({ suspend: false }).configMaps.clear();
    const [event] = one.step().events;
    assert.deepEqual(
      [event?.type, event?.reason, event?.key],
      ['Warning', 'ReferenceNotFound', `${observedOf(one)}  ReferenceNotFound`],
    );
  });

  it('names the run that cannot start, and is cut', () => {
    const one = new World();
    one.step();
    one.pod({ waiting: { reason: 'ErrImagePull', message: 'x'.repeat(5_000) } });
    const [event] = one.step().events;
    assert.equal(event?.key, `${observedOf(one)} ${one.open().id} ImagePullFailed`);
    assert.equal(event?.message, `ErrImagePull: ${'x'.repeat(985)}…`);
  });

  it('does not come where the resource is Ready again', () => {
    const one = new World();
    one.step();
    one.reports().settle();
    one.configMaps.set('migrations', '2');
    one.edit({ suspend: true }).step();
    one.configMaps.set('migrations', '1');
    assert.deepEqual(one.step().events, []);
  });
});

describe('the event of a run that disappears with its resource', () => {
  const gone = (last: object | undefined) => {
    const status = last === undefined ? undefined : { run: last };
    const situation: Situation = { kind: 'deleting', open: { kind: 'none' } };
    const { actions } = decided(situation, {}, [FINALIZER], status);
    return actions.flatMap((action) => (action.kind === 'emitEvents' ? action.events : []));
  };

  it('comes where its end is not recorded', () => {
    assert.deepEqual(gone({ id: 'x', attempt: 1 }), [
      {
        type: 'Warning',
        reason: 'RunLost',
        message:
          'The run x disappeared before it could report, and its resource is being deleted. The migration history in the database shows what was applied.',
        key: 'x deleted',
      },
    ]);
    assert.deepEqual(gone({ id: 'x', attempt: 1, finishedAt: '2024-06-01T12:00:00Z' }), []);
    assert.deepEqual(gone(undefined), []);
  });

  it('is that of its end where it left a report', () => {
    const one: ObservedRun = { ...run, log: { ...run.log, report: report(run, START) } };
    const result = { kind: 'reported', report: report(run, START) } as const;
    const { actions } = decided({ kind: 'deleting', open: { kind: 'ended', run: one, result } });
    const events = actions.flatMap((action) => (action.kind === 'emitEvents' ? action.events : []));
    assert.deepEqual(
      events.map(({ key }) => key),
      [`${run.id} end`],
    );
  });
});
