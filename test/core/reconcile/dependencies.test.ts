/** What a resource depends on, with the words of each state. */
import assert from 'node:assert/strict';
import { dependenciesOf } from '../../../src/core/reconcile/dependencies.ts';
import { resource } from './reconcile-harness.ts';

type Status = NonNullable<ReturnType<typeof resource>['status']>;
const named = (name: string, dependsOn: string[], status?: Status, spec: object = {}, metadata: object = {}) => ({
  ...resource({ dependsOn: dependsOn.map((each) => ({ name: each })), ...spec }, { name, ...metadata }),
  ...(status && { status }),
});
const statesOf = (...all: ReturnType<typeof named>[]) => {
  const [first = named('none', [])] = all;
  return dependenciesOf(first, (name) => all.find(({ metadata }) => metadata.name === name));
};
const ready = (observedGeneration: number | undefined, change: object = {}, pending?: number): Status => {
  const condition = {
    type: 'Ready',
    status: 'True' as const,
    reason: 'Migrated',
    message: 'm',
    lastTransitionTime: '',
  };
  return { ...(pending !== undefined && { pending }), conditions: [{ ...condition, observedGeneration, ...change }] };
};

describe('the state of a dependency', () => {
  const notReady = (message: string) => ({ kind: 'notReady', message });
  const cases: [what: string, other: ReturnType<typeof named>, state: object][] = [
    ['that has not run', named('b', []), notReady('it has not run yet')],
    [
      'that failed',
      named('b', [], ready(1, { status: 'False', reason: 'LockHeld', message: 'held' })),
      notReady('LockHeld: held'),
    ],
    ['whose spec has changed since', named('b', [], ready(0)), notReady('Migrated: m')],
    ['that is ready', named('b', [], ready(1)), { kind: 'ready' }],
    ['that has nothing pending', named('b', [], ready(1, {}, 0)), { kind: 'ready' }],
    ['with one migration pending', named('b', [], ready(1, {}, 1)), notReady('1 migration is pending')],
    ['with migrations pending', named('b', [], ready(1, {}, 2)), notReady('2 migrations are pending')],
    ['that says nothing of its generation', named('b', [], ready(undefined)), notReady('Migrated: m')],
    [
      'of a resource without a generation',
      named('b', [], ready(1), {}, { generation: undefined }),
      notReady('Migrated: m'),
    ],
    ['without any generation', named('b', [], ready(undefined), {}, { generation: undefined }), { kind: 'ready' }],
    [
      'that a sidecar migrates',
      named('b', [], ready(1), { execution: 'Sidecar' }),
      notReady('its sidecar runs the migrations and reports nothing to the cluster. Remove it from spec.dependsOn'),
    ],
    ['that does not exist', named('c', []), { kind: 'missing' }],
  ];
  for (const [what, other, state] of cases)
    it(what, () => assert.deepEqual(statesOf(named('a', ['b']), other), [{ name: 'b', state }]));

  it('is a cycle by any of its own dependencies, with the path', () => {
    const all = [named('a', ['b', 'x']), named('b', ['c', 'd']), named('c', []), named('d', ['a']), named('x', [])];
    assert.deepEqual(statesOf(...all), [
      { name: 'b', state: { kind: 'cycle', path: ['a', 'b', 'd', 'a'] } },
      { name: 'x', state: notReady('it has not run yet') },
    ]);
  });
});
