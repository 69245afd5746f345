import assert from 'node:assert/strict';
import type { StepReport } from '../../../src/core/model/report.ts';
import { STATUS_LIST_LIMIT } from '../../../src/core/model/resource-status.ts';
import type { StepName } from '../../../src/core/model/step.ts';
import { conditionsFromSteps } from '../../../src/core/reconcile/conditions.ts';
import { dependenciesOf } from '../../../src/core/reconcile/dependencies.ts';
import { canonical, databaseKey, inputsDigest, runIdentity } from '../../../src/core/reconcile/inputs.ts';
import { EMPTY_LOG, type ObservedRun } from '../../../src/core/reconcile/observed.ts';
import { podFailureReason } from '../../../src/core/reconcile/pod-trouble.ts';
import { runResult } from '../../../src/core/reconcile/run-result.ts';
import { statusFromReport } from '../../../src/core/reconcile/status-from-report.ts';
import { progressText } from '../../../src/core/reconcile/text.ts';
import { report, resource, START, stepDone, WHOLE_RUN } from './reconcile-harness.ts';

const RUN: ObservedRun = {
  id: 'bot-1',
  job: 'bot-1',
  attempt: 1,
  inputs: 'i',
  generation: 1,
  createdAt: START.toISOString(),
  state: 'active',
  log: EMPTY_LOG,
};

describe('conditions from steps', () => {
  const told = (steps: StepReport[], running: boolean, nothingPlanned = false) =>
    conditionsFromSteps(steps, { running, nothingPlanned }).map(
      ({ type, status, reason }) => `${type}=${status}/${reason}`,
    );
  const until = (last: StepName, change: Partial<StepReport> = {}) =>
    WHOLE_RUN.slice(0, WHOLE_RUN.indexOf(last) + 1).map((step) => stepDone(step, step === last ? change : {}));

  it('are all true after a whole run, in the order of the run', () => {
    assert.deepEqual(told(until('prune'), false), [
      'Reachable=True/Succeeded',
      'Planned=True/Succeeded',
      'Safe=True/Succeeded',
      'BackedUp=True/Succeeded',
      'Rehearsed=True/Succeeded',
      'Applied=True/Succeeded',
      'Verified=True/Succeeded',
    ]);
  });

  it('are unknown where a run has not come yet, and where it never came', () => {
    assert.equal(told(until('backup'), true)[4], 'Rehearsed=Unknown/Running');
    assert.equal(told(until('backup', { kind: 'failed', reason: 'NoSpace' }), false)[3], 'BackedUp=False/NoSpace');
    assert.equal(told(until('backup', { kind: 'failed', reason: 'NoSpace' }), false)[4], 'Rehearsed=Unknown/Skipped');
  });

  it('are false with the first reason of a step that failed or was blocked', () => {
    const steps = [...until('check', { kind: 'blocked', reason: 'UnsafePlan' }), stepDone('approve')];
    assert.equal(told(steps, false)[2], 'Safe=False/UnsafePlan');
  });

  it('have the message of the last step that was done, else of the last that was not, else of the first that failed', () => {
    const messages = (...steps: StepReport[]) =>
      conditionsFromSteps(steps, { running: false }).map(
        ({ status, reason, message }) => `${status}/${reason} ${message}`,
      );
    const skipped = { kind: 'skipped' } as const;
    const failed = { kind: 'failed', reason: 'LockHeld' } as const;
    assert.equal(messages(stepDone('connect'), stepDone('inspect'))[0], 'True/Succeeded inspect is done');
    assert.equal(messages(stepDone('connect'), stepDone('inspect', skipped))[0], 'True/Succeeded connect is done');
    const none = messages(stepDone('connect', skipped), stepDone('inspect', skipped));
    assert.equal(none[0], 'Unknown/Skipped inspect is done');
    const both = messages(stepDone('connect', failed), stepDone('inspect', { kind: 'failed', reason: 'NoSpace' }));
    assert.equal(both[0], 'False/LockHeld connect is done');
    assert.equal(messages(stepDone('connect', { kind: 'failed' }))[0], 'False/InternalError connect is done');
  });

  it('show that a plan exists if the run awaits its approval, and that it does not if it has changed', () => {
    const waits = told(until('approve', { kind: 'blocked', reason: 'AwaitingApproval' }), false);
    assert.deepEqual(waits.slice(1, 3), ['Planned=True/Succeeded', 'Safe=False/AwaitingApproval']);
    assert.equal(told(until('lock', { kind: 'failed', reason: 'LockHeld' }), false)[1], 'Planned=True/Succeeded');
    assert.equal(
      told(until('confirm', { kind: 'blocked', reason: 'PlanChanged' }), false)[1],
      'Planned=False/PlanChanged',
    );
    assert.equal(told(until('load', { kind: 'done' }), false)[1], 'Planned=Unknown/Skipped');
  });

  it('claim no backup and no rehearsal that was skipped, but that nothing is left to apply where nothing was planned', () => {
    const steps = WHOLE_RUN.map((step) =>
      stepDone(step, ['backup', 'rehearse', 'apply'].includes(step) ? { kind: 'skipped' } : {}),
    );
    assert.deepEqual(told(steps, false, true).slice(3, 6), [
      'BackedUp=Unknown/Skipped',
      'Rehearsed=Unknown/Skipped',
      'Applied=True/UpToDate',
    ]);
    assert.equal(told(steps, false, false)[5], 'Applied=Unknown/Skipped');
  });
});

describe('what a run is made from', () => {
  const one = resource();
  const same = (change: object, metadata: object = {}) =>
    inputsDigest(resource(change, metadata), [{ name: 'm', version: '1' }]) ===
    inputsDigest(one, [{ name: 'm', version: '1' }]);

  const cases: [title: string, spec: object, metadata: object, same: boolean][] = [
    ['is not changed by suspend', { suspend: true }, {}, true],
    ['is not changed by a window', { window: { cron: '0 2 * * *', duration: '1h' } }, {}, true],
    ['is not changed by dependencies', { dependsOn: [{ name: 'x' }] }, {}, true],
    ['is not changed by the retry limit', { retry: { limit: 9 } }, {}, true],
    ["is not changed by the Job's time to live", { runner: { ttlAfterFinished: '2h' } }, {}, true],
    ['is not changed by a label', {}, { labels: { team: 'a' } }, true],
    ['is changed by the target', { target: '1_a' }, {}, false],
    ['is changed by the image', { runner: { image: 'x' } }, {}, false],
    ['is changed by an approval', { approvedPlan: `sha256:${'b'.repeat(64)}` }, {}, false],
    ['is changed by the retry annotation', {}, { annotations: { 'db-manager.dev/retry': '1' } }, false],
    ['is changed by a repair', {}, { annotations: { 'db-manager.dev/repair': 'applied:0123456789abcdef' } }, false],
    ['is changed by the prune annotation', {}, { annotations: { 'db-manager.dev/prune': '1' } }, false],
    ['is not changed by any other annotation', {}, { annotations: { 'db-manager.dev/other': '1' } }, true],
  ];
  for (const [title, spec, metadata, expected] of cases) it(title, () => assert.equal(same(spec, metadata), expected));

  it('is changed by a new version of a ConfigMap, and by one that appears', () => {
    const digests = [undefined, '1', '2'].map((version) => inputsDigest(one, [{ name: 'm', version }]));
    assert.equal(new Set(digests).size, 3);
  });

  it('gives a Job name that is a label, the same for the same run only', () => {
    const odd = resource({}, { name: `a.b.${'c'.repeat(200)}` });
    assert.match(runIdentity(odd, 'i', 1).job, /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
    const names = [runIdentity(one, 'i', 1), runIdentity(one, 'i', 2), runIdentity(one, 'j', 1)].map(({ job }) => job);
    assert.equal(new Set([...names, runIdentity(one, 'i', 1).job]).size, 3);
    const later = resource({}, { generation: 3 });
    assert.notEqual(runIdentity(later, 'i', 1).job, names[0], 'a spec that came back to an earlier text is a new run');
  });

  it('does not depend on the order of keys', () => {
    assert.equal(canonical({ b: [{ d: 1, c: undefined }], a: null }), '{"a":null,"b":[{"d":1}]}');
  });
});

describe('the same database', () => {
  const key = (database: object, namespace = 'trading') => databaseKey(resource({ database }, { namespace }));
  const postgres = (host: string, database = 'bot') => ({ postgres: { host, database, user: 'u' } });
  const sqlite = (path: string) => ({ sqlite: { volume: { claimName: 'c' }, path } });

  it('is one file on one claim of one namespace', () => {
    assert.equal(key(sqlite('a.db')), key(sqlite('a.db')));
    assert.notEqual(key(sqlite('a.db')), key(sqlite('b.db')));
    assert.notEqual(key(sqlite('a.db')), key(sqlite('a.db'), 'other'));
  });

  it('is one name on one server, where a short host name belongs to its namespace', () => {
    assert.equal(key(postgres('DB.example.com')), key(postgres('db.example.com'), 'other'));
    assert.notEqual(key(postgres('db')), key(postgres('db'), 'other'));
    assert.notEqual(key(postgres('db')), key(postgres('db', 'other')));
  });
});

describe('dependencies', () => {
  const named = (name: string, dependsOn: string[], status?: object) => ({
    ...resource({ dependsOn: dependsOn.map((each) => ({ name: each })) }, { name }),
    ...(status === undefined ? {} : { status }),
  });
  const kinds = (...all: ReturnType<typeof named>[]) => {
    const [first = named('none', [])] = all;
    return dependenciesOf(first, (name) => all.find(({ metadata }) => metadata.name === name)).map(({ state }) =>
      state.kind === 'cycle' ? state.path.join('>') : state.kind,
    );
  };
  const ready = (observedGeneration: number, pending = 0) => ({
    pending,
    conditions: [
      { type: 'Ready', status: 'True', reason: 'Migrated', message: '', lastTransitionTime: '', observedGeneration },
    ],
  });

  it('are missing, not ready, or ready for the generation that they have now', () => {
    assert.deepEqual(kinds(named('a', ['b'])), ['missing']);
    assert.deepEqual(kinds(named('a', ['b']), named('b', [])), ['notReady']);
    assert.deepEqual(kinds(named('a', ['b']), named('b', [], ready(1))), ['ready']);
    assert.deepEqual(kinds(named('a', ['b']), named('b', [], ready(0))), ['notReady']);
  });

  it('are not ready after a dry run that left something to do', () => {
    assert.deepEqual(kinds(named('a', ['b']), named('b', [], ready(1, 2))), ['notReady']);
  });

  it('name the way round a circle, and do not mind circles of others', () => {
    assert.deepEqual(kinds(named('a', ['a'])), ['a>a']);
    assert.deepEqual(kinds(named('a', ['b']), named('b', ['c']), named('c', ['a'])), ['a>b>c>a']);
    assert.deepEqual(kinds(named('a', ['b']), named('b', ['c']), named('c', ['b'])), ['notReady']);
  });
});

describe('the end of a run', () => {
  const ended = { name: 'p', started: true, terminated: { exitCode: 1 } };
  const cases: [title: string, run: Partial<ObservedRun>, expected: string][] = [
    ['has not come while no pod is there', {}, 'goes on'],
    ['has not come while the pod runs', { pod: { name: 'p', started: true } }, 'goes on'],
    ['is not told before the log has been read', { pod: ended }, 'goes on'],
    ['is a report, once there is one', { log: { ...EMPTY_LOG, report: report(RUN, START) } }, 'reported'],
    ['is lost when the log ends without one', { pod: ended, log: { ...EMPTY_LOG, complete: true } }, 'RunLost'],
    ['is lost when the Job failed and no pod is left', { state: 'failed' }, 'RunLost'],
    ['is lost when the Job was deleted', { state: 'gone' }, 'RunLost'],
    ['waits for the pod of a deleted Job', { state: 'gone', pod: { name: 'p', started: true } }, 'goes on'],
    [
      'is a deadline where the Job says so',
      { state: 'failed', pod: ended, failure: { reason: 'DeadlineExceeded', message: '' } },
      'DeadlineExceeded',
    ],
    [
      'is the image where the pod waited for it until the deadline',
      {
        state: 'failed',
        pod: { name: 'p', started: false, waiting: { reason: 'ImagePullBackOff', message: 'no' } },
        failure: { reason: 'DeadlineExceeded', message: '' },
      },
      'ImagePullFailed',
    ],
    [
      'waits a while for a node that is silent',
      { pod: { name: 'p', started: true, deleteBy: new Date(START.getTime() - 30_000).toISOString() } },
      'goes on',
    ],
    [
      'is lost with a node that stays silent',
      { pod: { name: 'p', started: true, deleteBy: new Date(START.getTime() - 90_000).toISOString() } },
      'RunLost',
    ],
  ];
  for (const [title, change, expected] of cases) {
    it(title, () => {
      const ending = runResult({ ...RUN, ...change }, START);
      assert.equal(ending === undefined ? 'goes on' : ending.kind === 'lost' ? ending.reason : ending.kind, expected);
    });
  }
});

describe('a pod that does not begin', () => {
  const pod = { name: 'p', started: false };
  const cases: [change: Partial<ObservedRun>, reason: string | undefined][] = [
    [{}, undefined],
    [{ pod }, undefined],
    [{ podRefused: 'exceeded quota' }, 'JobRefused'],
    [{ pod: { ...pod, waiting: { reason: 'ContainerCreating', message: '' } } }, undefined],
    [{ pod: { ...pod, waiting: { reason: 'ErrImagePull', message: '' } } }, 'ImagePullFailed'],
    [
      { pod: { ...pod, waiting: { reason: 'CreateContainerConfigError', message: 'secret "s" not found' } } },
      'ReferenceNotFound',
    ],
    [{ pod: { ...pod, unschedulable: '0/3 nodes are available: 3 Insufficient cpu.' } }, 'PodUnschedulable'],
    [{ pod: { ...pod, unschedulable: 'persistentvolumeclaim "bot" not found' } }, 'ReferenceNotFound'],
  ];
  for (const [change, reason] of cases) {
    it(`${JSON.stringify(change)}: ${reason ?? 'no trouble'}`, () => {
      assert.equal(podFailureReason({ ...RUN, ...change })?.reason, reason);
    });
  }
});

describe('a status from a report', () => {
  it('stays small for every report', () => {
    const long = 'x'.repeat(5_000);
    const many = Array.from({ length: 1_000 }, (_, i) => `${i}_migration`);
    const failure = { reason: 'MigrationFailed', message: long, statement: long } as const;
    const status = statusFromReport(
      resource(),
      report(RUN, START, {
        result: 'failed',
        message: long,
        failure,
        plan: { digest: 'd', direction: 'up', migrations: many },
        schema: { before: many, after: many },
        safety: {
          result: 'Warned',
          checks: [],
          findings: many.map((rule) => ({ rule, severity: 'warning', message: long, advice: long, statement: long })),
        },
      }),
      START,
      { log: many },
    );
    assert.ok(JSON.stringify(status).length < 400_000);
    assert.equal(status.plan?.migrations.length, STATUS_LIST_LIMIT);
    assert.equal(status.plan?.more, 950);
    assert.equal(status.safety?.findings?.length, 20);
    assert.equal(status.safety?.more, 980);
    assert.equal(status.schema?.after?.at(-1), 'and 950 more');
    assert.equal(status.failure?.log?.length, 20);
    assert.ok(status.conditions?.every(({ message }) => message.length <= 1024));
  });

  it('keeps the last ten runs, newest first, each once', () => {
    let bot = resource();
    for (let i = 1; i <= 12; i += 1) {
      const told = report({ id: `run-${i}`, attempt: 1 }, START);
      bot = { ...bot, status: statusFromReport({ ...bot, status: statusFromReport(bot, told, START) }, told, START) };
    }
    assert.deepEqual(
      bot.status?.history?.map(({ run }) => run),
      [12, 11, 10, 9, 8, 7, 6, 5, 4, 3].map((i) => `run-${i}`),
    );
  });

  it('keeps the last backup and the last rehearsal when a later run had nothing to do', () => {
    const backup = {
      name: 'b',
      path: '/b',
      sizeBytes: 1,
      sha256: 'x',
      takenAt: START.toISOString(),
      verifiedBy: 'Rehearsal',
    } as const;
    const rehearsal = { result: 'Full', message: 'm', seconds: 1, roundTrip: 'passed', migrations: [] } as const;
    const first = statusFromReport(
      resource(),
      report(RUN, START, { backup, rehearsal: { ...rehearsal, migrations: [] } }),
      START,
    );
    const idle = report({ id: 'run-2', attempt: 1 }, START, {
      reason: 'UpToDate',
      plan: { digest: 'd', direction: 'up', migrations: [] },
    });
    const second = statusFromReport({ ...resource(), status: first }, idle, START);
    assert.equal(second.backup?.name, 'b');
    assert.equal(second.rehearsal?.result, 'Full');
    assert.equal(second.history?.[0]?.backup, undefined);
  });
});

describe('progress for a person', () => {
  const cases: [Parameters<typeof progressText>[0], string][] = [
    [{ step: 'backup', done: 1_288_490_188, total: 3_650_722_202, unit: 'bytes' }, '1.3 GB of 3.7 GB'],
    [{ step: 'apply', done: 3, total: 8, unit: 'migrations', label: '3_c' }, '3 of 8 migrations: 3_c'],
    [{ step: 'lock', done: 0, unit: 'migrations', label: 'held by pod/x' }, 'held by pod/x'],
  ];
  for (const [progress, text] of cases) it(text, () => assert.equal(progressText(progress), text));
});
