import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { type QueueOptions, WorkQueue } from '../../src/kubernetes/queue.ts';

describe('the work queue', () => {
  const open: WorkQueue[] = [];
  const queueOf = (work: QueueOptions['work'], workers = 2, onError: QueueOptions['onError'] = () => {}) => {
    const queue = new WorkQueue({ workers, work, onError });
    open.push(queue);
    return queue;
  };
  afterEach(() => Promise.all(open.splice(0).map((queue) => queue.stop())));

  it('works on a key once, however often it was added while it waited', async () => {
    const done: string[] = [];
    const queue = queueOf(async (key) => {
      await sleep(5);
      done.push(key);
    }, 1);
    for (const key of ['a', 'b', 'b', 'b', 'c']) queue.add(key);
    await sleep(50);
    assert.deepEqual(done, ['a', 'b', 'c']);
  });

  it('works on a key again when it was added meanwhile, and never twice at once', async () => {
    let now = 0;
    let most = 0;
    let times = 0;
    const queue = queueOf(async () => {
      most = Math.max(most, ++now);
      times += 1;
      await sleep(10);
      now -= 1;
    });
    queue.add('a');
    queue.add('a');
    queue.add('a');
    await sleep(50);
    assert.deepEqual([times, most], [2, 1]);
  });

  it('lets no key that keeps coming back hold up the others', async () => {
    const order: string[] = [];
    const queue = queueOf(async (key) => {
      order.push(key);
      if (key === 'busy' && order.length < 20) queue.add('busy');
      await sleep(1);
    }, 1);
    queue.add('busy');
    queue.add('x');
    queue.add('y');
    await sleep(60);
    assert.ok(order.indexOf('y') <= 3, order.join(' '));
  });

  it('tries a failure again with growing patience, and forgets it after a success', async () => {
    const at: number[] = [];
    const errors: unknown[] = [];
    const queue = queueOf(
      async () => {
        at.push(performance.now());
        if (at.length < 4) throw new Error('no');
      },
      1,
      (_key, error) => errors.push(error),
    );
    queue.add('a');
    await sleep(2_600);
    assert.equal(at.length, 4);
    assert.equal(errors.length, 3);
    const [first = 0, second = 0, third = 0] = at.slice(1).map((time, i) => time - (at[i] ?? 0));
    assert.ok(first > 140 && second > first && third > second, `${first} ${second} ${third}`);
  });

  it('keeps the earlier of two times', async () => {
    const done: number[] = [];
    const queue = queueOf(async () => void done.push(performance.now()));
    const began = performance.now();
    queue.addAfter('a', 40);
    queue.addAfter('a', 5_000);
    await sleep(100);
    assert.equal(done.length, 1);
    assert.ok((done[0] ?? 0) - began >= 39);
  });

  it('ends what is under way and takes on nothing new when it stops', async () => {
    const done: string[] = [];
    const queue = queueOf(async (key) => {
      await sleep(20);
      done.push(key);
    }, 1);
    queue.add('a');
    queue.add('b');
    queue.addAfter('c', 1);
    await queue.stop();
    queue.add('d');
    await sleep(50);
    assert.deepEqual(done, ['a']);
  });

  it('knows for how long its oldest work has been going on', async () => {
    const queue = queueOf(() => sleep(60));
    assert.equal(queue.longestWorkMs, 0);
    queue.add('a');
    await sleep(30);
    assert.ok(queue.longestWorkMs >= 25);
  });
});
