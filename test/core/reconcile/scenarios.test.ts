import assert from 'node:assert/strict';
import { REASONS } from '../../../src/core/model/reason.ts';
import { FINALIZER } from '../../../src/core/reconcile/decide.ts';
import { sidecarConflict } from '../../../src/core/reconcile/sidecar.ts';
import { START, World } from './reconcile-harness.ts';

describe('a resource and its runs', () => {
  it('runs once, becomes Ready, and is then left alone', () => {
    const world = new World();
    const started = world.step();
    assert.equal(started.kind, 'due');
    assert.deepEqual(
      started.actions.map(({ kind }) => kind),
      ['addFinalizer', 'createJob', 'writeStatus', 'emitEvents'],
    );
    assert.deepEqual(world.resource.metadata.finalizers, [FINALIZER]);
    assert.equal(world.condition('Ready')?.reason, 'Running');
    assert.equal(world.condition('Reconciling')?.status, 'True');
    world.later(1).reports();
    const ended = world.step();
    assert.equal(ended.kind, 'finished');
    assert.deepEqual(
      ended.events.map(({ type, reason }) => `${type} ${reason}`),
      ['Normal Migrated'],
    );
    assert.equal(world.condition('Ready')?.status, 'True');
    assert.equal(world.condition('Reconciling'), undefined);
    assert.deepEqual(world.resource.metadata.finalizers, []);
    assert.deepEqual(world.settle(), ['upToDate']);
    world.later(86_400);
    assert.deepEqual(world.step(), { kind: 'upToDate', actions: [], events: [], status: undefined });
    assert.equal(world.jobs.length, 1);
  });

  it('shows the steps while they happen, and writes nothing if nothing new was reported', () => {
    const world = new World();
    world.step();
    world.later(1).says('load', 'connect', 'inspect', 'plan', 'check');
    assert.notEqual(world.step().status, undefined);
    assert.equal(world.condition('Reachable')?.status, 'True');
    assert.equal(world.condition('Planned')?.status, 'True', 'the plan is made; confirm only compares it again');
    assert.equal(world.condition('BackedUp')?.status, 'Unknown');
    const since = world.condition('Reachable')?.lastTransitionTime;
    world.later(5);
    assert.equal(world.step().status, undefined);
    world.says('load', 'connect', 'inspect', 'plan', 'check', 'approve', 'lock', 'confirm');
    world.step();
    assert.equal(world.condition('Reachable')?.lastTransitionTime, since);
    assert.equal(world.condition('Planned')?.status, 'True');
  });

  it('keeps a finished run when its Job is cleaned up', () => {
    const world = new World();
    world.step();
    world.reports();
    world.settle();
    const { status } = world.resource;
    world.run = undefined;
    assert.deepEqual(world.later(3600).settle(), ['upToDate']);
    assert.deepEqual(world.resource.status, status);
  });

  it('runs again by a new attempt when the Job was deleted by hand', () => {
    const world = new World();
    world.step();
    world.says('load');
    world.step();
    world.run = undefined;
    const gone = world.step();
    assert.equal(gone.kind, 'vanished');
    assert.equal(world.condition('Ready')?.reason, 'RunLost');
    assert.equal(world.step().kind, 'waiting');
    world.later(60);
    assert.equal(world.step().kind, 'due');
    assert.equal(new Set(world.jobs).size, 2);
    assert.equal(world.resource.status?.run?.attempt, 2);
    world.reports();
    world.settle();
    assert.equal(world.condition('Ready')?.status, 'True');
    assert.deepEqual(
      world.resource.status?.history?.map(({ reason }) => reason),
      ['Migrated', 'RunLost'],
    );
  });

  it('runs again when the pod was evicted, killed or lost with its node', () => {
    const endings = [
      (world: World) => world.pod({ started: true, failure: { reason: 'Evicted', message: 'low on memory' } }),
      (world: World) => world.pod({ started: true, terminated: { exitCode: 137, signal: 9, reason: 'OOMKilled' } }),
      (world: World) => world.pod({ started: true, deleteBy: new Date(world.now.getTime() - 61_000).toISOString() }),
    ];
    for (const end of endings) {
      const world = new World();
      world.step();
      end(world);
      if (world.run !== undefined)
        world.run = { ...world.run, state: 'failed', log: { ...world.run.log, complete: true } };
      assert.equal(world.step().kind, 'finished');
      assert.equal(world.condition('Ready')?.reason, 'RunLost');
      assert.match(world.condition('Reconciling')?.message ?? '', /attempt 2 at/);
    }
  });

  it('waits longer from attempt to attempt, and gives up at the limit', () => {
    const world = new World({ retry: { limit: 2, backoff: '10s', maxBackoff: '15s' } });
    const waits: number[] = [];
    for (const attempt of [1, 2, 3]) {
      assert.equal(world.step().kind, 'due', `attempt ${attempt}`);
      world.fails('DatabaseUnreachable', 'safe').step();
      const at = world.resource.status?.run?.retryAt;
      if (at === undefined) break;
      waits.push((Date.parse(at) - world.now.getTime()) / 1000);
      assert.equal(world.step().kind, 'waiting');
      world.now = new Date(at);
    }
    assert.equal(world.jobs.length, 3);
    assert.ok(waits[0] !== undefined && waits[0] >= 10 && waits[0] <= 11, `${waits[0]}`);
    assert.ok(waits[1] !== undefined && waits[1] >= 15 && waits[1] <= 17, `${waits[1]}`);
    assert.equal(world.condition('Ready')?.reason, 'DatabaseUnreachable');
    assert.equal(world.condition('Stalled')?.reason, 'RetryLimitReached');
    assert.deepEqual(world.later(86_400).settle(), ['stalled']);
    world.edit({ retry: { limit: 3, backoff: '10s', maxBackoff: '15s' } });
    assert.equal(world.step().kind, 'due', 'a higher limit leaves room for one more');
  });

  it('starts from the first attempt again when asked to by annotation', () => {
    const world = new World({ retry: { limit: 0, backoff: '1s', maxBackoff: '1s' } });
    world.step();
    world.fails('AuthenticationFailed', 'safe').settle();
    assert.equal(world.condition('Stalled')?.reason, 'RetryLimitReached');
    world.metadata({ annotations: { 'db-manager.dev/retry': 'now' } });
    assert.equal(world.step().kind, 'due');
    assert.equal(world.resource.status?.run?.attempt, 1);
  });

  it('makes exactly one more attempt when a Secret or a claim changes after the last one', () => {
    const world = new World({ retry: { limit: 0, backoff: '1s', maxBackoff: '1s' } });
    world.step();
    world.references = 'sha256:1';
    if (world.run !== undefined) world.run = { ...world.run, references: 'sha256:1' };
    world.fails('AuthenticationFailed', 'safe').settle();
    assert.equal(world.condition('Stalled')?.reason, 'RetryLimitReached');
    assert.equal(world.step().requeueAfter, 2_000);
    assert.equal(world.later(3_600).step().requeueAfter, 300_000);

    world.references = 'sha256:2';
    assert.equal(world.step().kind, 'due');
    assert.deepEqual([world.resource.status?.run?.attempt, world.jobs.length], [2, 2]);
    if (world.run !== undefined) world.run = { ...world.run, references: 'sha256:2' };
    world.fails('AuthenticationFailed', 'safe').settle();
    assert.deepEqual(world.later(86_400).settle(), ['stalled']);
    world.references = undefined;
    assert.deepEqual(world.settle(), ['stalled'], 'a version that cannot be read starts nothing');
  });

  it('does not start a run with an annotation that is not a valid repair, and reports how to remove it', () => {
    const world = new World();
    world.metadata({ annotations: { 'db-manager.dev/repair': 'everything' } });
    assert.deepEqual(world.settle(), ['invalid', 'invalid']);
    assert.match(
      world.condition('Stalled')?.message ?? '',
      /"everything".*kubectl annotate dbm bot -n trading db-manager\.dev\/repair-$/,
    );
    world.metadata({ annotations: { 'db-manager.dev/repair': 'applied:0123456789abcdef' } });
    assert.equal(world.step().kind, 'due');
  });

  it('does not try a broken migration again until its source changes', () => {
    const world = new World();
    world.step();
    const failure = {
      reason: 'MigrationFailed',
      message: 'no such table: t',
      migration: '2_b',
      statement: 'INSERT INTO t VALUES (1)',
    } as const;
    world.fails('MigrationFailed', 'never', { failure, message: failure.message });
    const { events } = world.step();
    assert.match(events[0]?.message ?? '', /no such table: t.*INSERT INTO t/);
    assert.equal(world.condition('Ready')?.reason, 'MigrationFailed');
    assert.equal(world.condition('Stalled')?.reason, 'MigrationFailed');
    assert.deepEqual(world.later(86_400).settle(), ['stalled']);
    assert.equal(world.resource.status?.failure?.statement, failure.statement);
    world.configMaps.set('migrations', '2');
    assert.equal(world.step().kind, 'due');
    world.reports().settle();
    assert.equal(world.resource.status?.failure, undefined);
  });

  it('waits for the approval of a plan, which is not a failure, and then runs it', () => {
    const world = new World({ approval: 'Manual' });
    world.step();
    const failure = { reason: 'AwaitingApproval', message: 'The plan is awaiting approval.' } as const;
    world.reports({ result: 'blocked', ...failure, failure });
    assert.deepEqual(
      world.step().events.map(({ type }) => type),
      ['Normal'],
    );
    assert.equal(world.condition('Ready')?.reason, 'AwaitingApproval');
    assert.equal(world.condition('Stalled'), undefined);
    assert.equal(world.resource.status?.failure, undefined, 'nothing has failed');
    assert.deepEqual(world.later(86_400).settle(), ['stalled']);
    const ready = world.condition('Ready');
    assert.deepEqual([ready?.reason, ready?.message], ['AwaitingApproval', failure.message]);
    assert.deepEqual([world.condition('Stalled'), world.resource.status?.failure], [undefined, undefined]);
    world.edit({ approvedPlan: `sha256:${'a'.repeat(64)}` });
    assert.equal(world.step().kind, 'due');
    world.reports().settle();
    assert.equal(world.condition('Ready')?.status, 'True');
  });

  it('removes the failure of an earlier run while a corrected plan awaits approval', () => {
    const world = new World({ approval: 'Manual' });
    world.step();
    world.fails('CheckFailed', 'never', {}).settle();
    assert.equal(world.resource.status?.failure?.reason, 'CheckFailed');
    world.configMaps.set('migrations', '2');
    assert.equal(world.step().kind, 'due');
    world.reports({ result: 'blocked', reason: 'AwaitingApproval', message: 'The plan waits for approval.' }).settle();
    assert.equal(world.resource.status?.failure, undefined);
    assert.equal(world.condition('Ready')?.reason, 'AwaitingApproval');
  });

  it('reports PlanChanged as a failure: a person has to act', () => {
    const world = new World({ approval: 'Manual', approvedPlan: `sha256:${'a'.repeat(64)}` });
    world.step();
    world.reports({ result: 'blocked', reason: 'PlanChanged', message: 'The plan is another.' }).settle();
    assert.equal(world.resource.status?.failure?.reason, 'PlanChanged');
    assert.equal(world.condition('Stalled')?.reason, 'PlanChanged');
  });

  it('follows a run to its end when the spec is edited during the run, and then runs the new one', () => {
    const world = new World();
    world.step();
    world.says('load', 'connect').edit({ target: '2_b' });
    assert.equal(world.step().kind, 'running');
    assert.equal(world.resource.status?.observedGeneration, 1);
    world.reports();
    assert.equal(world.step().kind, 'finished');
    assert.equal(world.condition('Ready')?.observedGeneration, 1, 'Ready speaks of what ran');
    assert.equal(world.step().kind, 'due');
    assert.equal(world.resource.status?.observedGeneration, 2);
    assert.equal(world.jobs.length, 2);
  });

  it('replaces a run whose pod never began when the image is corrected', () => {
    const world = new World();
    world.step();
    world.pod({ waiting: { reason: 'ImagePullBackOff', message: 'Back-off pulling image "nowhere"' } });
    assert.deepEqual(
      world.step().events.map(({ type, reason }) => `${type} ${reason}`),
      ['Warning ImagePullFailed'],
    );
    assert.equal(world.condition('Ready')?.reason, 'ImagePullFailed');
    assert.equal(world.condition('Reconciling')?.status, 'True');
    assert.deepEqual(world.step().events, []);
    world.edit({ runner: { ...world.resource.spec.runner, image: 'somewhere' } });
    assert.equal(world.step().kind, 'superseded');
    assert.equal(world.step().kind, 'due');
    assert.equal(world.resource.status?.run?.attempt, 1);
    assert.equal(world.resource.status?.history, undefined);
  });

  describe('replaces a run whose pod starts while its Job is deleted', () => {
    function replaced(): World {
      const world = new World();
      world.step();
      world.pod({ waiting: { reason: 'ContainerCreating', message: '' } }).edit({ target: '1_a' });
      world.startsLate = true;
      assert.equal(world.step().kind, 'superseded');
      return world;
    }
    const events = (world: World) => world.step().events.map(({ reason }) => reason);

    it('which is stopped without a report: nothing has failed', () => {
      const world = replaced();
      assert.deepEqual(events(world), []);
      world.says('load', 'connect');
      assert.deepEqual(events(world), []);
      world.pod({ terminated: { exitCode: 143 } });
      assert.equal(world.step().kind, 'superseded');
      world.run = undefined;
      assert.equal(world.step().kind, 'due');
      assert.deepEqual([world.resource.status?.run?.attempt, world.resource.status?.history], [1, undefined]);
    });

    it('which reports that it was interrupted and changed nothing: nothing has failed', () => {
      const world = replaced().fails('Interrupted', 'safe', { touched: false });
      assert.equal(world.step().kind, 'superseded');
      world.run = undefined;
      assert.equal(world.step().kind, 'due');
    });

    it('which has applied something: its end is recorded', () => {
      const world = replaced().fails('Interrupted', 'safe', { touched: true });
      assert.equal(world.step().kind, 'finished');
      assert.equal(world.resource.status?.history?.[0]?.reason, 'Interrupted');
    });

    it('which is killed in the middle of apply: it is lost', () => {
      const world = replaced()
        .says('load', 'connect', 'apply')
        .pod({ terminated: { exitCode: 137 } });
      assert.equal(world.step().kind, 'finished');
      assert.equal(world.resource.status?.history?.[0]?.reason, 'RunLost');
    });

    it('and still reports a run as lost whose Job a person deletes', () => {
      const world = new World();
      world.step();
      world.says('load');
      world.run = undefined;
      assert.equal(world.step().kind, 'vanished');
      assert.equal(world.resource.status?.history?.[0]?.reason, 'RunLost');
    });
  });

  it('runs nothing for an edit that is not an input of a run, but observes its generation', () => {
    const world = new World();
    world.step();
    world.reports().settle();
    world.edit({ retry: { limit: 9, backoff: '1s', maxBackoff: '1m' } });
    const { kind, status, events } = world.step();
    assert.equal(kind, 'upToDate');
    assert.equal(status?.observedGeneration, 2);
    assert.equal(world.condition('Ready')?.observedGeneration, 2);
    assert.deepEqual(events, []);
    assert.equal(world.jobs.length, 1);
  });

  it('is suspended before a run, not in the middle of one, and continues when resumed', () => {
    const world = new World({ suspend: true });
    assert.deepEqual(
      world.step().events.map(({ reason }) => reason),
      ['Suspended'],
    );
    assert.equal(world.condition('Ready')?.reason, 'Suspended');
    assert.equal(world.condition('Stalled'), undefined);
    world.edit({ suspend: false });
    assert.equal(world.step().kind, 'due');
    world.edit({ suspend: true }).says('load');
    assert.equal(world.step().kind, 'running');
    world.reports();
    assert.equal(world.step().kind, 'finished');
    assert.deepEqual(world.settle().at(-1), 'upToDate');
    assert.equal(world.condition('Ready')?.status, 'True');
  });

  it('waits for its ConfigMaps, its dependencies, its database and a free place, in that order', () => {
    const world = new World({ dependsOn: [{ name: 'first' }] });
    world.configMaps.clear();
    world.dependencies = [{ name: 'first', state: { kind: 'missing' } }];
    world.databaseInUseBy = { name: 'other' };
    world.slot = { kind: 'taken', by: 'all' };
    const reasons = [];
    const clear = [
      () => world.configMaps.set('migrations', '1'),
      () => {
        world.dependencies = [{ name: 'first', state: { kind: 'ready' } }];
      },
      () => {
        world.databaseInUseBy = undefined;
      },
      () => {
        world.slot = { kind: 'free' };
      },
    ];
    for (const next of clear) {
      assert.equal(world.step().kind, 'waiting');
      reasons.push(world.condition('Ready')?.reason);
      assert.equal(world.condition('Reconciling')?.status, 'True');
      next();
    }
    assert.deepEqual(reasons, ['ReferenceNotFound', 'WaitingForDependency', 'DatabaseInUse', 'Queued']);
    assert.equal(world.step().kind, 'due');
  });

  it('starts in its window only, and may end outside it', () => {
    const world = new World({ window: { cron: '0 13 * * *', duration: '1h', timeZone: 'UTC' } });
    const { requeueAfter } = world.step();
    assert.equal(world.condition('Ready')?.reason, 'OutsideWindow');
    assert.equal(requeueAfter, 3_600_000);
    world.later(3_600);
    assert.equal(world.step().kind, 'due');
    world.later(3_600).says('load');
    assert.equal(world.step().kind, 'running');
    world.reports().settle();
    assert.equal(world.condition('Ready')?.status, 'True');
  });

  it('reports the message of the API server when it refused the Job, and retries with growing delays', () => {
    const world = new World();
    const message = 'exceeded quota: pods=1';
    world.refusal = { reason: 'JobRefused', message, count: 1, at: world.now };
    assert.equal(world.step().requeueAfter, 5_000);
    assert.equal(world.condition('Ready')?.message, message);
    world.refusal = { ...world.refusal, count: 5 };
    assert.equal(world.step().requeueAfter, 80_000);
    world.later(81);
    assert.equal(world.step().kind, 'due');
  });

  it('keeps a resource that is deleted during a run until the end of the run is recorded', () => {
    const world = new World();
    world.step();
    world.says('load', 'connect', 'apply').metadata({ deletionTimestamp: world.now.toISOString() });
    const waiting = world.step();
    assert.equal(waiting.kind, 'deleting');
    assert.deepEqual(
      waiting.actions.map(({ kind }) => kind),
      ['writeStatus'],
    );
    assert.deepEqual(world.resource.metadata.finalizers, [FINALIZER]);
    world.reports();
    const { events, actions } = world.step();
    assert.deepEqual(
      events.map(({ reason }) => reason),
      ['Migrated'],
    );
    assert.deepEqual(
      actions.map(({ kind }) => kind),
      ['writeStatus', 'emitEvents', 'removeFinalizer'],
    );
    assert.equal(world.resource.status?.run?.result, 'succeeded');
  });

  it('releases a deleted resource immediately when its pod has not started', () => {
    const world = new World();
    world.step();
    const { id } = world.run ?? { id: '' };
    world.pod({ waiting: { reason: 'ErrImagePull', message: 'no' } }).metadata({ deletionTimestamp: 'now' });
    assert.deepEqual(world.step().actions, [{ kind: 'deleteJob', job: id }, { kind: 'removeFinalizer' }]);
  });

  it('reports a run that disappears under a resource that is being deleted', () => {
    const world = new World();
    world.step();
    world.run = undefined;
    world.metadata({ deletionTimestamp: 'now' });
    const { events, actions } = world.step();
    assert.deepEqual(
      events.map(({ reason }) => reason),
      ['RunLost'],
    );
    assert.deepEqual(
      actions.map(({ kind }) => kind),
      ['emitEvents', 'removeFinalizer'],
    );
  });

  it('makes the claim for backups that it was asked to make, before the Job', () => {
    const world = new World({ backup: { volume: { size: '1Gi' } } });
    assert.deepEqual(
      world.step().actions.map(({ kind }) => kind),
      ['addFinalizer', 'createClaim', 'createJob', 'writeStatus', 'emitEvents'],
    );
  });

  it('takes up where a controller left that died before it wrote a status', () => {
    const world = new World();
    const before = world.resource;
    world.step();
    world.resource = before;
    assert.equal(world.step().kind, 'running');
    world.reports();
    world.step();
    assert.equal(world.jobs.length, 1);
    const { status } = world.resource;
    world.resource = before;
    world.step();
    assert.deepEqual(world.resource.status?.history, status?.history, 'the same end, told again');
  });

  it('gives events of the same fact the same key', () => {
    const world = new World();
    const first = new World();
    const keys = [world.step(), first.step()].map(({ events }) => events.map(({ key }) => key));
    assert.deepEqual(keys[0], keys[1]);
    assert.equal(keys[0]?.length, 1);
  });

  it('leaves a Sidecar to its application', () => {
    const world = new World({ execution: 'Sidecar' });
    const { status } = world.step();
    // Current for kstatus: nothing else will be written.
    assert.deepEqual(status, { observedGeneration: 1, summary: 'Sidecar' });
    assert.deepEqual(world.step(), { kind: 'unmanaged', actions: [], events: [], status: undefined });
  });

  it('takes the verdict of a Job away from a resource that becomes a Sidecar', () => {
    const world = new World();
    world.step();
    world.reports().step();
    world.edit({ execution: 'Sidecar' });
    const { status } = world.step();
    assert.equal(status?.conditions, undefined);
    assert.equal(status?.observedGeneration, world.resource.metadata.generation);
    assert.equal(status?.history?.length, 1, 'what was done stays known');
  });

  it('decides the same for the files of a sidecar, without a Job and without commands for a cluster', () => {
    const world = new World({ execution: 'Sidecar', retry: { limit: 1, backoff: '10s' } });
    world.controller = 'sidecar';
    assert.equal(world.step().kind, 'due');
    assert.equal(world.resource.status?.run?.job, undefined);
    world.fails('LockHeld', 'safe');
    assert.deepEqual(world.settle(), ['finished', 'waiting']);
    assert.match(world.condition('Ready')?.message ?? '', /LockHeld \(attempt 2 at /);
    world.later(30);
    assert.equal(world.step().kind, 'due');
    world.fails('LockHeld', 'safe');
    assert.deepEqual(world.settle(), ['finished', 'stalled']);
    assert.equal(world.condition('Stalled')?.reason, 'RetryLimitReached');
    assert.doesNotMatch(JSON.stringify(world.resource.status), /kubectl/);
    world.configMaps.set('migrations', '2');
    assert.equal(world.step().kind, 'due');
    world.reports();
    assert.deepEqual(world.settle(), ['finished', 'upToDate']);
    assert.equal(world.edit({ suspend: true }).step().kind, 'upToDate', 'there is nothing left to suspend');
    world.configMaps.set('migrations', '3');
    assert.equal(world.step().kind, 'suspended');
    assert.equal(world.edit({ suspend: false, retry: { limit: 9, backoff: '1s' } }).step().kind, 'due');
  });

  it('is invalid where a sidecar cannot do what the spec asks for', () => {
    for (const [spec, form, words] of [
      [{ execution: 'Job' }, 'once', /spec\.execution is Job/],
      [{ execution: 'Sidecar', dependsOn: [{ name: 'a' }] }, 'once', /spec\.dependsOn/],
      [{ execution: 'Sidecar', onFailure: 'Restore' }, 'continuous', /onFailure: Restore/],
    ] as const) {
      const world = new World(spec);
      world.controller = 'sidecar';
      world.unsupported = sidecarConflict(world.resource.spec, form);
      assert.equal(world.step().kind, 'invalid');
      assert.equal(world.condition('Stalled')?.reason, 'InvalidConfiguration');
      assert.match(world.condition('Ready')?.message ?? '', words);
    }
    const { spec } = new World({ execution: 'Sidecar', onFailure: 'Restore' }).resource;
    assert.equal(sidecarConflict(spec, 'once'), undefined);
  });

  it('never ends without an event that has a heading in docs/reference/reasons.md', () => {
    for (const reason of ['LockHeld', 'BackupFailed', 'SchemaMismatch', 'Interrupted'] as const) {
      const world = new World();
      world.step();
      const [event] = world.fails(reason, 'never').step().events;
      assert.ok(event !== undefined && event.reason in REASONS);
      assert.equal(event.type, 'Warning');
    }
  });
});

describe('a Job that the API server refuses', () => {
  const refusal = { reason: 'JobRefused', message: 'Invalid value: "x y"', count: 1, at: START } as const;

  it('is Stalled where the spec is not valid, until it changes', () => {
    const world = new World();
    world.refusal = { ...refusal, permanent: true };
    assert.equal(world.step().kind, 'invalid');
    assert.equal(world.condition('Stalled')?.reason, 'JobRefused');
    assert.match(world.condition('Ready')?.message ?? '', /kubectl edit dbm bot -n trading/);
    world.refusal = undefined;
    assert.equal(world.step().kind, 'due');
  });

  it('is tried again where a quota or an admission rule refused it', () => {
    const world = new World();
    world.refusal = refusal;
    assert.equal(world.step().kind, 'waiting');
    assert.equal(world.condition('Stalled'), undefined);
  });

  it('names every dependency that is not met', () => {
    const world = new World({ dependsOn: [{ name: 'a' }, { name: 'b' }, { name: 'c' }] });
    world.dependencies = [
      { name: 'a', state: { kind: 'missing' } },
      { name: 'b', state: { kind: 'ready' } },
      { name: 'c', state: { kind: 'notReady', message: '1 migration is pending' } },
    ];
    world.step();
    assert.equal(
      world.condition('Ready')?.message,
      'The DatabaseMigration a must be Ready first: it does not exist. The DatabaseMigration c must be Ready first: 1 migration is pending.',
    );
  });
});

describe('a run whose report cannot be read', () => {
  it('ends with ReportUnreadable and is tried again, as often as the limit says', () => {
    const world = new World({ retry: { limit: 1 } });
    world.step();
    for (let attempt = 1; attempt <= 2; attempt += 1) {
      world.says('load');
      assert.ok(world.run !== undefined);
      world.run = {
        ...world.run,
        state: 'failed',
        pod: { name: 'p', started: true, terminated: { exitCode: 0 } },
        log: { steps: [], tail: [], complete: true, unreadable: 'the log is longer than 16 MB' },
      };
      assert.equal(world.step().kind, 'finished');
      assert.equal(world.condition('Ready')?.reason, 'ReportUnreadable');
      assert.match(world.condition('Ready')?.message ?? '', /longer than 16 MB/);
      world.later(60);
      if (attempt === 1) assert.equal(world.step().kind, 'due');
    }
    assert.equal(world.step().kind, 'stalled');
    assert.equal(world.condition('Stalled')?.reason, 'RetryLimitReached');
  });
});
