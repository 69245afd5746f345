import assert from 'node:assert/strict';
import { clip } from '../../../src/core/model/clip.ts';
import { STATUS_LIST_LIMIT } from '../../../src/core/model/resource-status.ts';
import { canonical, digest } from '../../../src/core/reconcile/inputs.ts';
import { hasRetryLeft, retryAt } from '../../../src/core/reconcile/retry.ts';
import { progressText, stepText } from '../../../src/core/reconcile/text.ts';
import { cappedSentences, LIMITS, limited } from '../../../src/core/reconcile/truncate.ts';

type Spec = Parameters<typeof retryAt>[0];
const spec = (retry: Partial<Spec['retry']>) =>
  ({ retry: { limit: 3, backoff: '10s', maxBackoff: '5m', ...retry } }) as unknown as Spec;

describe('the time of a retry', () => {
  const ended = new Date('2026-01-01T00:00:00.000Z');
  const seconds = (attempt: number, run: string, retry: Partial<Spec['retry']> = {}) =>
    (retryAt(spec(retry), attempt, ended, run).getTime() - ended.getTime()) / 1000;

  for (const [attempt, wait] of [
    [1, 10],
    [2, 20],
    [3, 40],
    [5, 160],
    [6, 300],
    [40, 300],
    [5000, 300],
  ] as const) {
    it(`is ${wait} s after attempt ${attempt}, and up to a tenth more`, () => {
      const waits = Array.from({ length: 200 }, (_, n) => seconds(attempt, `run-${n}`));
      assert.ok(
        Math.min(...waits) >= wait && Math.max(...waits) <= wait * 1.1,
        `${Math.min(...waits)} to ${Math.max(...waits)}`,
      );
      assert.ok(Math.max(...waits) - Math.min(...waits) > wait * 0.08, 'what failed together comes back together');
    });
  }

  it('is the same for the same run', () => {
    assert.equal(seconds(2, 'a'), seconds(2, 'a'));
    assert.notEqual(seconds(2, 'a'), seconds(2, 'b'));
  });

  it('exists while the limit is not reached', () => {
    assert.deepEqual(
      [0, 1, 2, 3, 4].map((attempt) => hasRetryLeft(spec({ limit: 2 }), attempt)),
      [true, true, true, false, false],
    );
    assert.equal(hasRetryLeft(spec({ limit: 0 }), 1), false);
  });
});

describe('the texts of a status', () => {
  it('are cut at their limit, and only there', () => {
    assert.equal(clip('x'.repeat(10), 10), 'x'.repeat(10));
    assert.equal(clip('x'.repeat(11), 10), `${'x'.repeat(9)}…`);
    assert.equal(clip(undefined, 10), undefined);
    assert.equal(clip('😀'.repeat(6), 10), `${'😀'.repeat(4)}…`, 'never half of a character');
    assert.equal(clip(`x${'😀'.repeat(6)}`, 10), `x${'😀'.repeat(4)}…`);
    // etcd refuses objects over 1.5 MiB: all lists and texts at their limits have to stay far below.
    assert.ok(STATUS_LIST_LIMIT * (LIMITS.message + LIMITS.statement) * 4 < 1_500_000);
  });

  it('are lists that state how many entries they omit', () => {
    const items = Array.from({ length: STATUS_LIST_LIMIT + 1 }, (_, n) => `${n}`);
    const full = items.slice(0, STATUS_LIST_LIMIT);
    assert.deepEqual(limited('a', full), { a: full });
    assert.deepEqual(limited('a', items), { a: full, more: 1 });
    assert.deepEqual(limited('a', items, 4), { a: full, more: 5 });
    assert.deepEqual(limited('a', [], 2), { a: [], more: 2 });
    assert.deepEqual(cappedSentences(full), full);
    assert.deepEqual(cappedSentences(items), [...full, 'and 1 more']);
    assert.equal(cappedSentences(undefined), undefined);
  });

  it('show the progress of a step', () => {
    const bytes = { step: 'backup', done: 1_500_000, total: 3_000_000, unit: 'bytes' } as const;
    assert.equal(progressText(bytes), '1.5 MB of 3.0 MB');
    assert.equal(
      progressText({ step: 'apply', done: 2, total: 5, unit: 'migrations', label: 'x' }),
      '2 of 5 migrations: x',
    );
    assert.equal(progressText({ step: 'apply', done: 0, unit: 'migrations', label: 'x' }), 'x');
    assert.equal(progressText({ step: 'apply', done: 0, unit: 'migrations' }), '0 migrations');
    assert.equal(stepText('backup', bytes), 'backup (1.5 MB of 3.0 MB)');
    assert.equal(stepText('rehearse', bytes), 'rehearse');
    assert.equal(stepText('rehearse', undefined), 'rehearse');
    assert.equal(stepText(undefined, bytes), 'starting');
  });
});

describe('the digest of inputs', () => {
  it('does not depend on the order of keys, at any depth', () => {
    const one = { b: 1, a: { d: [1, { y: 1, x: 2 }], c: 'text' }, Z: null };
    const other = { Z: null, a: { c: 'text', d: [1, { x: 2, y: 1 }] }, b: 1 };
    assert.equal(canonical(one), canonical(other));
    assert.equal(canonical(one), '{"Z":null,"a":{"c":"text","d":[1,{"x":2,"y":1}]},"b":1}');
    assert.equal(digest(one), digest(other));
    assert.match(digest(one), /^[0-9a-f]{64}$/);
  });

  it('depends on values, their types and the order of lists', () => {
    const different = [{ a: 1 }, { a: '1' }, { a: [1] }, { a: [1, 2] }, { a: [2, 1] }, { a: null }, {}, [], '', null];
    assert.equal(new Set(different.map(digest)).size, different.length);
    assert.equal(digest({ a: undefined }), digest({}));
  });
});
