import assert from 'node:assert/strict';
import { ProblemError } from '../../src/core/model/problem.ts';
import type { StepName, StepResult } from '../../src/core/model/step.ts';
import { flow, type Step } from '../../src/engine/flow.ts';
import type { RunPorts } from '../../src/engine/ports.ts';

const ports = (signal = new AbortController().signal) => ({ signal }) as RunPorts;
const step = <Out extends object>(name: StepName, result: () => StepResult<Out>): Step<object, Out> => ({
  name,
  run: async () => result(),
});
const listen = () => {
  const heard: string[] = [];
  return {
    heard,
    onStart: (name: StepName) => void heard.push(`start ${name}`),
    onEnd: (name: StepName, { kind }: StepResult<object>) => void heard.push(`end ${name} ${kind}`),
  };
};

describe('a flow', () => {
  it('passes the outputs of earlier steps to each step, and reports each start and end once', async () => {
    const listener = listen();
    const outcome = await flow<{ a: number }>()
      .step(step('load', () => ({ kind: 'done', value: { b: 2 }, message: '' })))
      .step<{ sum: number }>({
        name: 'connect',
        run: async ({ a, b }) => ({ kind: 'skipped', value: { sum: a + b }, message: '' }),
      })
      .run({ a: 1 }, ports(), listener);
    assert.deepEqual(outcome, { kind: 'completed', state: { a: 1, b: 2, sum: 3 } });
    assert.deepEqual(listener.heard, ['start load', 'end load done', 'start connect', 'end connect skipped']);
  });

  it('does not compile in a wrong order', () => {
    const needs: Step<{ files: string[] }, object> = {
      name: 'plan',
      run: async () => ({ kind: 'done', value: {}, message: '' }),
    };
    // @ts-expect-error nothing has added `files` yet
    const wrong = flow<object>().step(needs);
    assert.ok(wrong);
  });

  it('stops at the first step that does not go through and keeps what it found', async () => {
    const later: string[] = [];
    const outcome = await flow<object>()
      .step(
        step('check', () => ({ kind: 'blocked', reason: 'UnsafePlan', message: 'no', partial: { findings: ['x'] } })),
      )
      .step(
        step('apply', () => {
          later.push('ran');
          return { kind: 'done', value: {}, message: '' };
        }),
      )
      .run({}, ports(), listen());
    assert.equal(outcome.kind, 'stopped');
    assert.equal(outcome.kind === 'stopped' && outcome.step, 'check');
    assert.deepEqual(outcome.state, { findings: ['x'] });
    assert.deepEqual(later, []);
  });

  const thrown = [
    {
      error: new ProblemError({ reason: 'DatabaseUnreachable', message: 'm' }),
      kind: 'failed',
      reason: 'DatabaseUnreachable',
      retry: 'safe',
    },
    {
      error: new ProblemError({ reason: 'ChecksumMismatch', message: 'm' }),
      kind: 'blocked',
      reason: 'ChecksumMismatch',
      retry: undefined,
    },
    { error: new TypeError('bug'), kind: 'failed', reason: 'InternalError', retry: 'never' },
  ] as const;
  for (const { error, kind, reason, retry } of thrown) {
    it(`turns a thrown ${error.name} into ${kind} with ${reason}`, async () => {
      const outcome = await flow<object>()
        .step({ name: 'connect', run: () => Promise.reject(error) })
        .run({}, ports(), listen());
      assert.equal(outcome.kind, 'stopped');
      if (outcome.kind !== 'stopped') return;
      assert.equal(outcome.result.kind, kind);
      assert.equal(outcome.result.reason, reason);
      assert.equal('retry' in outcome.result ? outcome.result.retry : undefined, retry);
    });
  }

  it('stops before the next step when it is asked to', async () => {
    const stop = new AbortController();
    const outcome = await flow<object>()
      .step(
        step('load', () => {
          stop.abort();
          return { kind: 'done', value: {}, message: '' };
        }),
      )
      .step(step('connect', () => ({ kind: 'done', value: {}, message: '' })))
      .run({}, ports(stop.signal), listen());
    assert.equal(outcome.kind === 'stopped' && outcome.step, 'connect');
    assert.equal(outcome.kind === 'stopped' && outcome.result.reason, 'Interrupted');
  });
});
