/** The whole status of a resource, field by field, at each point of its runs. */
import assert from 'node:assert/strict';
import type { Progress } from '../../../src/core/model/report.ts';
import type { DatabaseMigrationStatus } from '../../../src/core/model/resource.ts';
import { RUN_CONDITIONS } from '../../../src/core/model/step.ts';
import { EMPTY_LOG } from '../../../src/core/reconcile/observed.ts';
import { World } from './reconcile-harness.ts';

/** As the API server has it; a condition is `TYPE=STATUS/REASON TIME GENERATION: MESSAGE`. */
function told(status: DatabaseMigrationStatus | undefined) {
  const { conditions = [], ...rest } = JSON.parse(JSON.stringify(status ?? {})) as DatabaseMigrationStatus;
  const lines = conditions.map(
    ({ type, status: is, reason, lastTransitionTime, observedGeneration: of, message }) =>
      `${type}=${is}/${reason} ${lastTransitionTime.slice(11, 19)}${of === undefined ? '' : ` ${of}`}: ${message}`,
  );
  return { ...rest, conditions: lines };
}

const NOT_STARTED = RUN_CONDITIONS.map((type) => `${type}=Unknown/Running 12:00:00: not started`);
const of = (world: World) => told(world.resource.status);
const overall = (world: World) => of(world).conditions.filter((line) => /^(Ready|Reconciling|Stalled)=/.test(line));

describe('the status of a run in progress', () => {
  it('has its identity, its start and what it waits for', () => {
    const world = new World();
    world.step();
    const { id, inputs } = world.open();
    const run = { id, job: id, attempt: 1, inputs, startedAt: '2024-06-01T12:00:00Z' };
    assert.deepEqual(of(world), {
      observedGeneration: 1,
      summary: 'Running: starting',
      run,
      conditions: [
        ...NOT_STARTED,
        'Ready=False/Running 12:00:00 1: Attempt 1 is in progress: starting.',
        'Reconciling=True/Running 12:00:00 1: Attempt 1 is in progress: starting.',
      ],
    });
  });

  it('has the step, its progress and what is left to apply, and keeps the start that it had', () => {
    const world = new World();
    world.step();
    world.later(70).says('load', 'connect', 'inspect', 'plan');
    const progress: Progress = { step: 'apply', done: 1, total: 3, unit: 'migrations', label: '2_b' };
    world.run = {
      ...world.open(),
      createdAt: '2024-06-01T12:00:59.750Z',
      references: 'sha256:r',
      log: { ...world.open().log, step: 'apply', progress },
    };
    world.step();
    const { id, inputs } = world.open();
    assert.deepEqual(of(world), {
      observedGeneration: 1,
      pending: 2,
      summary: 'Running: apply (1 of 3 migrations: 2_b)',
      run: {
        id,
        job: id,
        attempt: 1,
        inputs,
        references: 'sha256:r',
        step: 'apply',
        progress: 'apply (1 of 3 migrations: 2_b)',
        startedAt: '2024-06-01T12:00:00Z',
      },
      conditions: [
        'Reachable=True/Succeeded 12:01:10: inspect is done',
        'Planned=True/Succeeded 12:01:10: plan is done',
        ...NOT_STARTED.slice(2),
        'Ready=False/Running 12:00:00 1: Attempt 1 is in progress: apply (1 of 3 migrations: 2_b).',
        'Reconciling=True/Running 12:00:00 1: Attempt 1 is in progress: apply (1 of 3 migrations: 2_b).',
      ],
    });
  });

  const progress = (change: Partial<Progress>): Progress => ({ step: 'apply', done: 1, unit: 'migrations', ...change });
  for (const [what, given, pending] of [
    ['what is left while apply works', progress({ total: 3 }), 2],
    ['nothing when apply is through', progress({ done: 3, total: 3 }), 0],
    ['all of them in an earlier step', progress({ step: 'rehearse', total: 3 }), 3],
    ['the last number where the total is not known', progress({}), 7],
    ['the last number where bytes are counted', progress({ unit: 'bytes', total: 3 }), 7],
    ['the last number where more is done than there is', progress({ done: 4, total: 3 }), 7],
    ['the last number where it is not a whole one', progress({ done: 0.5, total: 3 }), 7],
  ] as const) {
    it(`counts as pending ${what}`, () => {
      const world = new World();
      world.step();
      world.resource = { ...world.resource, status: { ...world.resource.status, pending: 7 } };
      world.says('load').run = { ...world.open(), log: { ...EMPTY_LOG, step: given.step, progress: given } };
      world.step();
      assert.equal(world.resource.status?.pending, pending);
    });
  }

  it('names what keeps its pod from starting, with the storage class of the claim for backups', () => {
    const world = new World({ backup: { volume: { size: '1Gi', storageClassName: 'fast' } } });
    world.step();
    const unschedulable = 'pod has unbound immediate PersistentVolumeClaims';
    world.later(10).pod({ unschedulable, claims: ['bot-backups'] });
    world.step();
    const message = `The claim bot-backups is not bound to a volume. The claim for backups has the storage class fast. See: kubectl get pvc,storageclass. Scheduler: ${unschedulable}`;
    assert.deepEqual(overall(world), [
      `Ready=False/PodUnschedulable 12:00:00 1: ${message}`,
      `Reconciling=True/PodUnschedulable 12:00:00 1: ${message}`,
    ]);
    assert.equal(world.resource.status?.summary, 'PodUnschedulable');
  });

  it('is of the generation that it started with, and starts again at the steps of the next run', () => {
    const world = new World();
    world.step();
    world.reports().settle();
    world.later(60).edit({ target: '1_a' });
    world.step();
    const { conditions, run, history, currentRevision } = of(world);
    assert.deepEqual(
      conditions,
      [
        ...RUN_CONDITIONS.map((type) => `${type}=Unknown/Running 12:01:00: not started`),
        'Ready=False/Running 12:01:00 2: Attempt 1 is in progress: starting.',
        'Reconciling=True/Running 12:01:00 2: Attempt 1 is in progress: starting.',
      ],
      'every status changes',
    );
    assert.deepEqual(
      [run?.startedAt, run?.finishedAt, history?.length, currentRevision],
      ['2024-06-01T12:01:00Z', undefined, 1, '2_b'],
    );
  });

  it('says that it starts until its container has started, even if a step is reported late', () => {
    const world = new World();
    world.step();
    world.pod({ started: true });
    world.step();
    assert.equal(world.resource.status?.summary, 'Running: starting');
    world.pod({ started: false }).run = { ...world.open(), log: { ...EMPTY_LOG, step: 'backup' } };
    world.step();
    assert.equal(world.resource.status?.summary, 'Running: backup');
  });
});

describe('the status of a run that has ended', () => {
  it('has everything that its report has', () => {
    const world = new World();
    world.step();
    const backup = {
      name: 'backup_1',
      path: '/data/backups/backup_1.db',
      sizeBytes: 12_288.9,
      sha256: 'c'.repeat(64),
      takenAt: '2024-06-01T12:00:10.999Z',
      verifiedBy: 'Checksum' as const,
    };
    world.later(30.5);
    world.run = { ...world.open(), references: 'sha256:r' };
    world.reports({
      backup,
      startedAt: '2024-06-01T12:00:01.500Z',
      schema: { before: ['column x'], after: [] },
      rehearsal: { result: 'SchemaOnly', message: 'no rows', seconds: 1.239, roundTrip: 'passed', migrations: [] },
      whole: '/data/backups/run.json',
      page: '/data/backups/run.html',
    });
    world.step();
    const { id, inputs } = world.open();
    const message = '2 migrations applied; the database is at 2_b.';
    assert.deepEqual(of(world), {
      observedGeneration: 1,
      summary: 'Migrated',
      database: 'sqlite:/data/database/bot.db',
      currentRevision: '2_b',
      targetRevision: '2_b',
      pending: 0,
      plan: { digest: `sha256:${'a'.repeat(64)}`, direction: 'up', migrations: ['1_a', '2_b'] },
      run: {
        id,
        job: id,
        attempt: 1,
        inputs,
        references: 'sha256:r',
        startedAt: '2024-06-01T12:00:01Z',
        finishedAt: '2024-06-01T12:00:30Z',
        result: 'succeeded',
      },
      backup: { ...backup, sizeBytes: 12_288, takenAt: '2024-06-01T12:00:10Z' },
      report: '/data/backups/run.json',
      reportPage: '/data/backups/run.html',
      rehearsal: { result: 'SchemaOnly', message: 'no rows', seconds: 1.24, roundTrip: 'passed', migrations: [] },
      schema: { before: ['column x'] },
      history: [
        {
          run: id,
          to: '2_b',
          result: 'succeeded',
          reason: 'Migrated',
          startedAt: '2024-06-01T12:00:01Z',
          finishedAt: '2024-06-01T12:00:30Z',
          backup: 'backup_1',
        },
      ],
      conditions: [
        'Reachable=True/Succeeded 12:00:30: inspect is done',
        'Planned=True/Succeeded 12:00:30: confirm is done',
        'Safe=True/Succeeded 12:00:30: approve is done',
        'BackedUp=True/Succeeded 12:00:30: backup is done',
        'Rehearsed=True/Succeeded 12:00:30: rehearse is done',
        'Applied=True/Succeeded 12:00:30: apply is done',
        'Verified=True/Succeeded 12:00:30: verify is done',
        `Ready=True/Migrated 12:00:30 1: ${message}`,
      ],
    });
  });

  it('announces the next attempt, with its number and the last lines of its pod', () => {
    const world = new World({ retry: { limit: 2, backoff: '10s', maxBackoff: '10s' } });
    world.step();
    world.fails('LockHeld', 'safe', { message: 'held by pod/x', steps: [] });
    world.run = { ...world.open(), log: { ...world.open().log, tail: ['one', 'two'] } };
    world.step();
    const { run, summary, failure } = of(world);
    const at = run?.retryAt ?? '';
    const wait = Date.parse(at) - world.now.getTime();
    assert.ok(wait >= 10_000 && wait <= 11_000, at);
    assert.deepEqual(overall(world), [
      `Ready=False/LockHeld 12:00:00 1: held by pod/x. (attempt 2 at ${at})`,
      `Reconciling=True/LockHeld 12:00:00 1: attempt 2 at ${at}`,
    ]);
    assert.equal(summary, 'LockHeld: attempt 2 of 3 follows');
    assert.deepEqual([run?.result, run?.retry], ['failed', 'safe']);
    assert.deepEqual(failure, { reason: 'LockHeld', message: 'it went wrong: LockHeld', log: ['one', 'two'] });
    const { kind, status } = world.later(1).step();
    assert.deepEqual([kind, status], ['waiting', undefined], 'nothing is new');
  });

  it('waits for the next attempt from the end that is reported, but from now where that is not a time of the past', () => {
    const waitAfter = (finishedAt: string) => {
      const world = new World({ retry: { limit: 1, backoff: '60s', maxBackoff: '60s' } });
      world.step();
      world.later(30).fails('LockHeld', 'safe', { finishedAt });
      world.step();
      const { retryAt, finishedAt: ended } = world.resource.status?.run ?? {};
      // Without the jitter, which is up to 6 s.
      return [Math.floor((Date.parse(retryAt ?? '') - world.now.getTime()) / 10_000) * 10, ended];
    };
    assert.deepEqual(waitAfter('2024-06-01T12:00:10.000Z'), [40, '2024-06-01T12:00:10Z']);
    assert.deepEqual(waitAfter('2024-06-01T12:00:30.000Z'), [60, '2024-06-01T12:00:30Z']);
    assert.deepEqual(waitAfter('2030-01-01T00:00:00.000Z'), [60, '2030-01-01T00:00:00Z']);
    assert.deepEqual(waitAfter('yesterday'), [60, '1970-01-01T00:00:00Z'], 'the output of a pod is not trusted');
  });

  it('of a dry run stays as it is, with the number of migrations to run', () => {
    const world = new World({ dryRun: true });
    world.step();
    world.reports({ reason: 'DryRun', message: 'Nothing was written.', pending: 2 }).step();
    const { status } = world.resource;
    assert.equal(status?.summary, 'DryRun: 2 to run');
    assert.deepEqual([world.settle(), world.resource.status], [['upToDate'], status]);
  });

  it('takes the run and the attempt from the Job, not from the report', () => {
    const world = new World();
    world.step();
    world.reports({ runId: 'another', attempt: 9 }).step();
    const { run, history } = of(world);
    assert.deepEqual([run?.id, run?.attempt, history?.[0]?.run], [world.open().id, 1, world.open().id]);
  });

  it('is Stalled with the advice for a cluster, and with the message alone where there is none', () => {
    for (const [controller, stalled] of [
      [
        'operator',
        'boom. Correct the migration. A new run starts when its ConfigMap or image changes. To retry without changes: kubectl annotate dbm bot -n trading db-manager.dev/retry="$(date +%s)" --overwrite',
      ],
      ['sidecar', 'boom'],
    ] as const) {
      const world = new World({ execution: controller === 'sidecar' ? 'Sidecar' : 'Job' });
      world.controller = controller;
      world.step();
      const failure = { reason: 'MigrationFailed', message: 'boom' } as const;
      world.fails('MigrationFailed', 'never', { message: 'boom', failure }).step();
      const ended = overall(world);
      assert.deepEqual(ended, [
        `Ready=False/MigrationFailed 12:00:00 1: ${controller === 'sidecar' ? 'boom' : 'boom.'}`,
        `Stalled=True/MigrationFailed 12:00:00 1: ${stalled}`,
      ]);
      assert.equal(of(world).summary, 'MigrationFailed');
      world.later(60);
      assert.deepEqual(world.settle(), ['stalled']);
      assert.deepEqual(overall(world), ended);
    }
  });

  it('is RetryLimitReached after the last attempt, without the time of another', () => {
    const world = new World({ retry: { limit: 1, backoff: '10s', maxBackoff: '10s' } });
    world.step();
    world.fails('LockHeld', 'safe').settle();
    world.later(60).step();
    world.fails('LockHeld', 'safe').step();
    const stalled =
      'it went wrong: LockHeld. Wait for the run that the message names. To retry without changes: kubectl annotate dbm bot -n trading db-manager.dev/retry="$(date +%s)" --overwrite';
    assert.deepEqual(overall(world), [
      'Ready=False/LockHeld 12:00:00 1: it went wrong: LockHeld.',
      `Stalled=True/RetryLimitReached 12:01:00 1: ${stalled}`,
    ]);
    assert.equal(of(world).run?.retryAt, undefined);
    assert.deepEqual(
      of(world).history?.map(({ reason }) => reason),
      ['LockHeld', 'LockHeld'],
    );
  });

  it('becomes Stalled where the limit is lowered while an attempt waits', () => {
    const world = new World({ retry: { limit: 3, backoff: '10m', maxBackoff: '10m' } });
    world.step();
    world.fails('LockHeld', 'safe').settle();
    assert.notEqual(of(world).run?.retryAt, undefined);
    world.later(30).edit({ retry: { limit: 0, backoff: '10m', maxBackoff: '10m' } });
    assert.equal(world.step().kind, 'stalled');
    const { run, summary, observedGeneration } = of(world);
    assert.deepEqual([run?.retryAt, summary, observedGeneration], [undefined, 'LockHeld', 2]);
    assert.match(
      overall(world)[1] ?? '',
      /^Stalled=True\/RetryLimitReached 12:00:30 2: it went wrong: LockHeld\. Wait/,
    );
  });

  it('keeps a wait for the next attempt, and its conditions, when the spec is edited', () => {
    const world = new World({ retry: { limit: 3, backoff: '10m', maxBackoff: '10m' } });
    world.step();
    world.fails('LockHeld', 'safe', { steps: [] }).settle();
    const before = of(world);
    world.later(30).edit({ retry: { limit: 4, backoff: '10m', maxBackoff: '10m' } });
    assert.equal(world.step().kind, 'waiting');
    const conditions = before.conditions.map((line) => line.replace(/^(Ready|Reconciling)(=\S+ \S+) 1:/, '$1$2 2:'));
    assert.deepEqual(of(world), { ...before, observedGeneration: 2, conditions });
  });

  it('shows another cause in place of a wait for the next attempt', () => {
    const world = new World({ retry: { limit: 3, backoff: '10s', maxBackoff: '10s' } });
    world.step();
    world.fails('LockHeld', 'safe', { steps: [] }).settle();
    world.configMaps.clear();
    world.configMaps.set('migrations', '1');
    world.later(60);
    world.slot = { kind: 'taken', by: 'namespace' };
    assert.equal(world.step().kind, 'waiting');
    const message =
      'The limit --max-concurrent-runs-per-namespace of the operator is reached; this run starts when another run of this namespace ends.';
    assert.deepEqual(overall(world), [
      `Ready=False/Queued 12:00:00 1: ${message}`,
      `Reconciling=True/Queued 12:00:00 1: ${message}`,
    ]);
    assert.equal(of(world).summary, 'Queued');
  });
});

describe('the status of a resource without a run', () => {
  it('is Ready again, with the message of its last run, where a cause of another kind ends', () => {
    const world = new World();
    world.step();
    world.later(10).reports().settle();
    const before = of(world);
    world.configMaps.set('migrations', '2');
    world.edit({ suspend: true });
    assert.equal(world.step().kind, 'suspended');
    assert.deepEqual(overall(world), [
      'Ready=False/Suspended 12:00:10 2: A run is pending until spec.suspend is false.',
    ]);
    assert.equal(of(world).summary, 'Suspended');
    world.configMaps.set('migrations', '1');
    assert.equal(world.later(10).step().kind, 'upToDate');
    assert.deepEqual(overall(world), ['Ready=True/Migrated 12:00:20 2: The database is at 2_b.']);
    const { conditions: _, ...rest } = of(world);
    const { conditions: _before, ...unchanged } = before;
    assert.deepEqual(rest, { ...unchanged, observedGeneration: 2 });
  });

  it('is Ready at its target where neither the revision nor the end of the run is known', () => {
    const world = new World();
    const { inputs } = world.observed();
    const run = { id: 'x', attempt: 1, inputs, result: 'succeeded', finishedAt: '2024-06-01T11:00:00Z' } as const;
    world.resource = { ...world.resource, status: { run } };
    assert.equal(world.step().kind, 'upToDate');
    assert.deepEqual(of(world), {
      observedGeneration: 1,
      run,
      summary: 'UpToDate',
      conditions: ['Ready=True/UpToDate 12:00:00 1: The database is at its target.'],
    });
  });

  it('has the run that it lost, which started when it started', () => {
    const world = new World();
    world.step();
    const { id } = world.open();
    world.later(30).run = undefined;
    assert.equal(world.step().kind, 'vanished');
    const { run, failure, history } = of(world);
    assert.deepEqual(
      [run?.id, run?.job, run?.startedAt, run?.finishedAt, run?.result, run?.retry],
      [id, id, '2024-06-01T12:00:00Z', '2024-06-01T12:00:30Z', 'failed', 'safe'],
    );
    const message = 'The Job and its pod disappeared before the run could report.';
    assert.deepEqual(failure, { reason: 'RunLost', message });
    assert.equal(history?.[0]?.reason, 'RunLost');
    assert.match(overall(world)[0] ?? '', /^Ready=False\/RunLost 12:00:00 1: The Job and its pod disappeared/);
  });

  it('started now where the lost run has no start', () => {
    const world = new World();
    world.step();
    const { run } = world.resource.status ?? {};
    world.resource = {
      ...world.resource,
      status: { run: { id: run?.id ?? '', attempt: 1, inputs: run?.inputs, references: 'sha256:r' } },
    };
    world.later(30).run = undefined;
    assert.equal(world.step().kind, 'vanished');
    const { run: lost, observedGeneration } = of(world);
    assert.deepEqual(
      [lost?.startedAt, lost?.job, lost?.references, observedGeneration],
      ['2024-06-01T12:00:30Z', run?.id, 'sha256:r', 0],
    );
  });

  it('forgets the run that another replaces, and names the cause', () => {
    const world = new World();
    world.step();
    world
      .pod({ waiting: { reason: 'ErrImagePull', message: 'no' } })
      .later(10)
      .edit({ target: '1_a' });
    assert.equal(world.step().kind, 'superseded');
    const message = 'The pod had not started; it is replaced because the inputs of the run changed.';
    assert.deepEqual(of(world), {
      observedGeneration: 2,
      summary: 'Running',
      conditions: [
        ...NOT_STARTED,
        `Ready=False/Running 12:00:00 2: ${message}`,
        `Reconciling=True/Running 12:00:00 2: ${message}`,
      ],
    });
  });

  it('is Stalled where its spec is not valid', () => {
    const world = new World();
    world.metadata({ annotations: { 'db-manager.dev/repair': 'x' } });
    world.step();
    const message =
      'The annotation db-manager.dev/repair is "x", not an action and a digest. No run starts. Run the command in the message of the last failure, or remove the annotation: kubectl annotate dbm bot -n trading db-manager.dev/repair-';
    assert.deepEqual(of(world), {
      observedGeneration: 1,
      summary: 'InvalidConfiguration',
      conditions: [
        `Ready=False/InvalidConfiguration 12:00:00 1: ${message}`,
        `Stalled=True/InvalidConfiguration 12:00:00 1: ${message}`,
      ],
    });
  });

  it('records the end of a run while the resource is deleted, and nothing where none is open', () => {
    const world = new World();
    world.step();
    world.later(10).fails('LockHeld', 'safe', { steps: [] }).metadata({ deletionTimestamp: 'now' });
    assert.equal(world.step().kind, 'deleting');
    assert.deepEqual([of(world).run?.result, of(world).history?.length], ['failed', 1]);
    assert.equal(world.step().status, undefined);
  });
});
