/** From one observation to its situation: tables of cases with the whole result. */
import assert from 'node:assert/strict';
import type { RunReport, StepReport } from '../../../src/core/model/report.ts';
import { assess, inUse, QUEUED } from '../../../src/core/reconcile/assess.ts';
import { decide } from '../../../src/core/reconcile/decide.ts';
import { runIdentity } from '../../../src/core/reconcile/inputs.ts';
import { EMPTY_LOG, type Observed, type ObservedRun } from '../../../src/core/reconcile/observed.ts';
import type { Situation } from '../../../src/core/reconcile/situation.ts';
import { report, START, stepDone, World } from './reconcile-harness.ts';

/** What a resource without a run is in, after a change of what is observed. */
function situationOf(change: Partial<Observed> = {}, spec: object = {}): Situation {
  const { observed: _, now: _now, ...situation } = assess({ ...new World(spec).observed(), ...change }, START);
  return situation;
}

describe('a resource that waits', () => {
  it('says which ConfigMaps do not exist', () => {
    assert.deepEqual(situationOf({ missingSources: ['a'] }), {
      kind: 'waiting',
      reason: 'ReferenceNotFound',
      message:
        'The ConfigMap "a" does not exist in the namespace trading. Create it; the run then starts automatically.',
    });
    assert.deepEqual(situationOf({ missingSources: ['a', 'b'] }), {
      kind: 'waiting',
      reason: 'ReferenceNotFound',
      message:
        'The ConfigMaps "a", "b" do not exist in the namespace trading. Create them; the run then starts automatically.',
    });
  });

  it('says what drift and a window it waits for', () => {
    assert.deepEqual(situationOf({ blockingDrift: 'An index is missing.' }), {
      kind: 'waiting',
      reason: 'SchemaDrift',
      message: 'An index is missing.',
    });
    const window = (cron: string) => ({ window: { cron, duration: '1h', timeZone: 'UTC' } });
    assert.deepEqual(situationOf({}, window('0 13 * * *')), {
      kind: 'waiting',
      reason: 'OutsideWindow',
      message: 'The maintenance window opens at 2024-06-01T13:00:00.000Z.',
      until: new Date('2024-06-01T13:00:00Z'),
    });
    assert.deepEqual(situationOf({}, window('0 0 30 2 *')), {
      kind: 'waiting',
      reason: 'OutsideWindow',
      message: 'The maintenance window never opens: no day matches spec.window.cron.',
    });
    assert.equal(situationOf({}, window('0 12 * * *')).kind, 'due');
  });

  it('cuts the message of a dependency', () => {
    const state = { kind: 'notReady', message: 'x'.repeat(1_000) } as const;
    assert.deepEqual(situationOf({ dependencies: [{ name: 'a', state }] }), {
      kind: 'waiting',
      reason: 'WaitingForDependency',
      message: `The DatabaseMigration a must be Ready first: ${'x'.repeat(299)}…`,
    });
  });

  for (const [by, who] of [
    [
      { name: 'other' },
      'The DatabaseMigration other is already migrating this database; this run starts when that run ends.',
    ],
    [
      'otherNamespace',
      'A DatabaseMigration in another namespace is already migrating this database; this run starts when that run ends.',
    ],
    [
      { name: 'nightly', kind: 'DatabaseRestore' },
      'The DatabaseRestore nightly is working on this database; this run starts when it ends.',
    ],
  ] as const) {
    it(`says who works on its database: ${who}`, () => {
      assert.equal(inUse(by), who);
      assert.deepEqual(situationOf({ databaseInUseBy: by }), {
        kind: 'waiting',
        reason: 'DatabaseInUse',
        message: who,
      });
    });
  }

  it('says which limit is reached', () => {
    for (const by of ['all', 'namespace', 'turn'] as const)
      assert.deepEqual(situationOf({ slot: { kind: 'taken', by } }), {
        kind: 'waiting',
        reason: 'Queued',
        message: QUEUED[by],
      });
    assert.match(QUEUED.all, /--max-concurrent-runs of/);
    assert.match(QUEUED.namespace, /--max-concurrent-runs-per-namespace of/);
    assert.match(QUEUED.turn, /a namespace with fewer runs/);
  });

  for (const [count, seconds] of [
    [1, 5],
    [2, 10],
    [3, 20],
    [7, 300],
    [50, 300],
  ] as const) {
    it(`waits ${seconds} s after the refusal number ${count} of its Job, and no longer`, () => {
      const refusal = (age: number) =>
        ({ reason: 'JobRefused', message: 'quota', count, at: new Date(START.getTime() - age) }) as const;
      assert.deepEqual(situationOf({ refusal: refusal(0) }), {
        kind: 'waiting',
        reason: 'JobRefused',
        message: 'quota',
        until: new Date(START.getTime() + seconds * 1000),
      });
      assert.equal(situationOf({ refusal: refusal(seconds * 1000 - 1) }).kind, 'waiting');
      assert.equal(situationOf({ refusal: refusal(seconds * 1000) }).kind, 'due');
    });
  }

  it('waits until the time of its next attempt, and not at that time', () => {
    const { resource, ...observed } = new World().observed();
    const at = (retryAt: string | undefined, status: object = {}) => {
      const finishedAt = '2024-06-01T11:00:00Z';
      const last = { result: 'failed', retry: 'safe', finishedAt, retryAt } as const;
      const run = { id: 'x', attempt: 2, inputs: observed.inputs, ...last };
      return situationOf({ resource: { ...resource, status: { run, ...status } } });
    };
    const failure = { reason: 'LockHeld', message: 'held' } as const;
    assert.deepEqual(at('2024-06-01T12:00:01Z', { failure }), {
      kind: 'waiting',
      reason: 'LockHeld',
      message: 'held',
      until: new Date('2024-06-01T12:00:01Z'),
    });
    assert.deepEqual(at('2024-06-01T12:00:01Z'), {
      kind: 'waiting',
      reason: 'RunLost',
      message: '',
      until: new Date('2024-06-01T12:00:01Z'),
    });
    const due = { kind: 'due', run: runIdentity(resource, observed.inputs, 3) };
    assert.deepEqual(at('2024-06-01T12:00:00Z', { failure }), due);
    assert.deepEqual(at(undefined, { failure }), due);
  });

  it('does not wait for a retry of other inputs, and starts with the first attempt', () => {
    const { resource, inputs } = new World().observed();
    const run = {
      id: 'x',
      attempt: 2,
      inputs: 'sha256:other',
      result: 'failed',
      retryAt: '2030-01-01T00:00:00Z',
    } as const;
    assert.deepEqual(situationOf({ resource: { ...resource, status: { run } } }), {
      kind: 'vanished',
      run: { id: 'x', job: 'x', attempt: 2, inputs: 'sha256:other', generation: 0, references: undefined },
      startedAt: undefined,
    });
    const ended = { ...run, finishedAt: '2024-06-01T11:00:00Z' };
    assert.deepEqual(situationOf({ resource: { ...resource, status: { run: ended } } }), {
      kind: 'due',
      run: runIdentity(resource, inputs, 1),
    });
  });
});

describe('a resource that a person has to change', () => {
  const invalid = (message: string, reason = 'InvalidConfiguration') => ({ kind: 'invalid', reason, message });
  const annotated = (annotation: string) => {
    const world = new World();
    return world.metadata({ annotations: { 'db-manager.dev/repair': annotation } }).resource;
  };
  const state = { kind: 'cycle' as const, path: ['a', 'b', 'a'] };
  const cases: [what: string, found: () => Situation, expected: object][] = [
    ['cannot be read', () => situationOf({ unreadable: 'u', unsupported: 's', disallowed: 'd' }), invalid('u')],
    ['has a setting that is not supported', () => situationOf({ unsupported: 's', disallowed: 'd' }), invalid('s')],
    ['has a value that is not allowed', () => situationOf({ disallowed: 'd' }), invalid('d', 'NotAllowed')],
    [
      'depends on itself',
      () =>
        situationOf({
          dependencies: [
            { name: 'x', state: { kind: 'ready' } },
            { name: 'b', state },
          ],
        }),
      invalid('dependsOn contains a cycle: a -> b -> a. Remove one of these entries.', 'DependencyCycle'),
    ],
    [
      'has a window in a zone that does not exist',
      () => situationOf({}, { window: { cron: '0 2 * * *', duration: '1h', timeZone: 'Mars/Base' } }),
      invalid('spec.window.timeZone: "Mars/Base" is not a valid IANA time zone'),
    ],
    [
      'has an annotation that cannot be read, in a file',
      () => situationOf({ controller: 'sidecar', resource: annotated('now') }),
      invalid(
        'The annotation db-manager.dev/repair is "now", not an action and a digest. No run starts. Correct it in the manifest, or remove it.',
      ),
    ],
    [
      'has an object that the API server rejects',
      () =>
        situationOf({ refusal: { reason: 'JobRefused', message: 'bad name', permanent: true, count: 1, at: START } }),
      invalid(
        'The API server rejected an object that the run needs: bad name. Correct the spec: kubectl edit dbm bot -n trading',
        'JobRefused',
      ),
    ],
  ];
  for (const [what, found, expected] of cases) it(what, () => assert.deepEqual(found(), expected));

  it('may be a sidecar only of the other controller', () => {
    const spec = { execution: 'Sidecar' };
    assert.deepEqual(situationOf({ unsupported: 's' }, spec), { kind: 'unmanaged' });
    assert.deepEqual(situationOf({ unsupported: 's', controller: 'sidecar' }, spec), invalid('s'));
    assert.equal(situationOf({ controller: 'sidecar' }, spec).kind, 'due');
  });
});

describe('a resource whose last run failed', () => {
  const world = new World({ retry: { limit: 2 } });
  const { resource } = world;
  const afterRun = (run: object, status: object = {}, change: Partial<Observed> = {}) => {
    const { inputs } = world.observed();
    return situationOf({
      resource: {
        ...resource,
        status: {
          run: {
            id: 'x',
            attempt: 3,
            inputs,
            result: 'failed',
            retry: 'safe',
            finishedAt: '2024-06-01T11:00:00Z',
            ...run,
          },
          ...status,
        },
      },
      ...change,
    });
  };
  const failure = { reason: 'LockHeld', message: '' } as const;
  const due = () => ({ kind: 'due', run: runIdentity(resource, world.observed().inputs, 4) });

  it('is stalled for the reason of the failure, else of the history, else for an unknown one', () => {
    const entry = (run: string) => ({ run, result: 'blocked', reason: 'AwaitingApproval' }) as const;
    const stalled = (reason: string, limitReached = true) => ({ kind: 'stalled', reason, limitReached });
    assert.deepEqual(afterRun({}, { failure, history: [entry('x')] }), stalled('LockHeld'));
    assert.deepEqual(afterRun({}, { history: [entry('y'), entry('x')] }), stalled('AwaitingApproval'));
    assert.deepEqual(afterRun({}, { history: [entry('y')] }), stalled('InternalError'));
    assert.deepEqual(afterRun({ retry: 'never' }, { failure }), stalled('LockHeld', false));
    assert.deepEqual(afterRun({ retry: undefined, attempt: 1 }, { failure }), stalled('LockHeld', false));
  });

  it('gets one more attempt where what the run referenced has changed, as far as both are known', () => {
    assert.deepEqual(afterRun({ references: 'r1' }, { failure }, { references: 'r2' }), due());
    for (const [was, is] of [
      ['r1', 'r1'],
      ['r1', undefined],
      [undefined, 'r2'],
      [undefined, undefined],
    ])
      assert.equal(
        afterRun({ references: was }, { failure }, { ...(is === undefined ? {} : { references: is }) }).kind,
        'stalled',
      );
    assert.equal(afterRun({ references: 'r1', retry: 'never' }, { failure }, { references: 'r2' }).kind, 'stalled');
  });

  it('has the attempts that the limit leaves', () => {
    assert.equal(afterRun({ attempt: 2 }, { failure }).kind, 'due');
    assert.equal(afterRun({ attempt: 3 }, { failure }).kind, 'stalled');
  });

  it('is due where the last run has no result', () => {
    assert.deepEqual(afterRun({ result: undefined, attempt: 3 }), due());
  });
});

describe('a run', () => {
  // Nothing of the code under test runs while this file is loaded: scripts/mutation would start a process for each change of it.
  const world = new World();
  const unmarked = world.resource;
  const identity = { id: 'bot-1', job: 'bot-1', attempt: 1, inputs: 'sha256:i' };
  const resource = {
    ...unmarked,
    status: { observedGeneration: 1, run: { ...identity, startedAt: '2024-06-01T12:00:00Z' } },
  };
  const run: ObservedRun = {
    ...identity,
    generation: 1,
    createdAt: START.toISOString(),
    state: 'active',
    pod: { name: 'p', started: false },
    log: EMPTY_LOG,
  };
  const began: ObservedRun = { ...run, pod: { name: 'p', started: true } };
  const recorded = (change: object, history: object[] = []) =>
    ({
      ...resource,
      status: { ...resource.status, run: { ...resource.status.run, ...change }, history },
    }) as typeof resource;
  const of = (change: Partial<Observed>) => situationOf({ resource, inputs: run.inputs, run, ...change });

  it('is in progress until its end is recorded as its own', () => {
    assert.deepEqual(of({}), { kind: 'running', run });
    assert.deepEqual(of({ resource: recorded({ id: 'y', finishedAt: 'x' }) }), { kind: 'running', run });
    assert.deepEqual(of({ resource: recorded({}, [{ run: 'y' }]) }), { kind: 'running', run });
    const ended = { inputs: run.inputs, result: 'succeeded', finishedAt: 'x' };
    assert.deepEqual(of({ resource: recorded(ended) }), { kind: 'upToDate' });
    assert.deepEqual(of({ resource: recorded({ ...ended, id: 'y' }, [{ run: 'y' }, { run: run.id }]) }), {
      kind: 'upToDate',
    });
  });

  it('has vanished where the status names it and nothing of it is left', () => {
    const { run: _run, ...rest } = { ...world.observed(), resource };
    const { observed: _observed, now: _now, ...situation } = assess(rest, START);
    assert.deepEqual(situation, {
      kind: 'vanished',
      run: { id: run.id, job: run.id, attempt: 1, inputs: run.inputs, generation: 1, references: undefined },
      startedAt: '2024-06-01T12:00:00Z',
    });
    const other = recorded({ job: 'a-job', inputs: undefined });
    const { observed: _o, now: _n, ...without } = assess({ ...rest, resource: other }, START);
    assert.ok(without.kind === 'vanished');
    assert.deepEqual([without.run.job, without.run.inputs], ['a-job', '']);
  });

  it('is replaced while nothing of it has begun, if its inputs have changed', () => {
    const inputs = 'sha256:other';
    assert.deepEqual(of({ inputs }), { kind: 'superseded', run });
    for (const begun of [
      began,
      { ...run, log: { ...EMPTY_LOG, step: 'load' as const } },
      { ...run, log: { ...EMPTY_LOG, steps: [stepDone('load')] } },
    ])
      assert.deepEqual(of({ inputs, run: begun }), { kind: 'running', run: begun });
    const { pod: _pod, ...podless } = run;
    assert.deepEqual(of({ inputs, run: podless }), { kind: 'superseded', run: podless });
  });

  const ended = (report: RunReport): ObservedRun => ({ ...began, log: { ...EMPTY_LOG, report, complete: true } });
  const said = (change: Partial<RunReport>) => ended(report(run, START, { result: 'failed', ...change }));
  const did = (...steps: StepReport[]): ObservedRun => ({ ...began, state: 'gone', log: { ...EMPTY_LOG, steps } });
  const cases: [what: string, run: ObservedRun, kind: Situation['kind']][] = [
    ['that was interrupted before it changed anything', said({ reason: 'Interrupted', touched: false }), 'superseded'],
    ['that was interrupted later', said({ reason: 'Interrupted', touched: true }), 'finished'],
    ['that failed before it changed anything', said({ reason: 'LockHeld', touched: false }), 'finished'],
    ['that was in a step before apply', { ...did(), log: { ...EMPTY_LOG, step: 'rehearse' } }, 'superseded'],
    ['that was in apply', { ...began, state: 'failed', log: { ...EMPTY_LOG, step: 'apply' } }, 'finished'],
    ['that had applied', { ...did(stepDone('apply')), state: 'failed' }, 'finished'],
    ['that had failed to apply', { ...did(stepDone('apply', { kind: 'failed' })), state: 'failed' }, 'finished'],
    ['that had nothing to apply', did(stepDone('apply', { kind: 'skipped' })), 'superseded'],
    ['that had loaded', did(stepDone('load')), 'superseded'],
  ];
  for (const [what, withdrawn, kind] of cases) {
    it(`whose Job was deleted, ${what}, is ${kind}`, () => {
      assert.equal(of({ run: withdrawn, withdrawn: run.id }).kind, kind);
      assert.notEqual(of({ run: withdrawn, withdrawn: 'y' }).kind, 'superseded', 'another Job was deleted');
    });
  }

  it('of a resource that is deleted has begun, has not, has ended, or is none', () => {
    const deleted = { ...unmarked, metadata: { ...unmarked.metadata, deletionTimestamp: 'now' } };
    const open = (each: ObservedRun | undefined) => {
      const situation = of({
        resource: deleted,
        ...(each === undefined ? { run: undefined } : { run: each }),
      } as Partial<Observed>);
      assert.ok(situation.kind === 'deleting');
      const requeueAfter = decide({
        ...situation,
        observed: { ...world.observed(), resource: deleted },
        now: START,
      }).requeueAfter;
      return [situation.open, requeueAfter];
    };
    assert.deepEqual(open(undefined), [{ kind: 'none' }, undefined]);
    assert.deepEqual(open(run), [{ kind: 'notBegun', run }, undefined]);
    assert.deepEqual(open(began), [{ kind: 'begun', run: began }, 30_000]);
    const through = said({});
    assert.deepEqual(open(through), [
      { kind: 'ended', run: through, result: { kind: 'reported', report: through.log.report } },
      undefined,
    ]);
  });
});
