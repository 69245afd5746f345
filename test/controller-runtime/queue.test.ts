import assert from 'node:assert/strict';
import { type QueueOptions, WorkQueue } from '../../src/controller-runtime/queue.ts';
import { testClock } from '../support/clock.ts';

describe('the work queue', () => {
  const open: WorkQueue[] = [];
  const queueOf = (work: QueueOptions['work'], workers = 2, options: Partial<QueueOptions> = {}) => {
    const clock = testClock();
    const queue = new WorkQueue({ workers, work, onError: () => {}, clock, ...options });
    open.push(queue);
    return { queue, clock };
  };
  afterEach(async () => {
    for (const queue of open.splice(0)) void queue.stop();
  });

  it('works on a key once, however often it was added while it waited', async () => {
    const done: string[] = [];
    const { queue, clock } = queueOf(async (key) => {
      await clock.sleep(5);
      done.push(key);
    }, 1);
    for (const key of ['a', 'b', 'b', 'b', 'c']) queue.add(key);
    await clock.pass(50);
    assert.deepEqual(done, ['a', 'b', 'c']);
  });

  it('processes a key again when it was added during processing, and never twice at once', async () => {
    let now = 0;
    let most = 0;
    let times = 0;
    const { queue, clock } = queueOf(async () => {
      most = Math.max(most, ++now);
      times += 1;
      await clock.sleep(10);
      now -= 1;
    });
    queue.add('a');
    queue.add('a');
    queue.add('a');
    await clock.pass(50);
    assert.deepEqual([times, most], [2, 1]);
  });

  it('processes as many keys at the same time as it has workers, and not more', async () => {
    let now = 0;
    let most = 0;
    const { queue, clock } = queueOf(async () => {
      most = Math.max(most, ++now);
      await clock.sleep(10);
      now -= 1;
    }, 3);
    for (const key of ['a', 'b', 'c', 'd', 'e']) queue.add(key);
    await clock.pass(9);
    assert.equal(now, 3);
    assert.equal(queue.depth, 2);
    await clock.pass(50);
    assert.deepEqual([now, most], [0, 3]);
  });

  it('lets no key that keeps coming back hold up the others', async () => {
    const order: string[] = [];
    const { queue, clock } = queueOf(async (key) => {
      order.push(key);
      if (key === 'busy' && order.length < 20) queue.add('busy');
      await clock.sleep(1);
    }, 1);
    queue.add('busy');
    queue.add('x');
    queue.add('y');
    await clock.pass(60);
    assert.deepEqual(order.slice(0, 4), ['busy', 'x', 'y', 'busy']);
    assert.ok(order.length >= 20, order.join(' '));
  });

  it('returns to the event loop between keys whose work waits for nothing', async () => {
    let done = 0;
    const queue = new WorkQueue({
      workers: 2,
      onError: () => {},
      // It adds itself, as the write of a status does.
      async work(key) {
        if (++done < 1_000) queue.add(key);
      },
    });
    open.push(queue);
    for (let number = 0; number < 1_000; number += 1) queue.add(`key ${number}`);
    await new Promise((resolve) => setImmediate(resolve));
    assert.ok(done > 0 && done <= 4, `${done} keys in one turn`);
  });

  it('lets urgent keys overtake others, and every second key is the oldest', async () => {
    const order: string[] = [];
    const work = async (key: string) => {
      order.push(key);
      await clock.sleep(1);
    };
    const { queue, clock } = queueOf(work, 1, { isUrgent: (key) => key.startsWith('urgent') });
    for (const key of ['first', 'a', 'b', 'c', 'urgent 1', 'urgent 2', 'urgent 3']) queue.add(key);
    await clock.pass(20);
    assert.deepEqual(order, ['first', 'urgent 1', 'a', 'urgent 2', 'b', 'urgent 3', 'c']);
  });

  it('lets a key that already waits overtake when it becomes urgent, and works on it once', async () => {
    const order: string[] = [];
    const urgent = new Set<string>();
    const work = async (key: string) => {
      order.push(key);
      await clock.sleep(1);
    };
    const { queue, clock } = queueOf(work, 1, { isUrgent: (key) => urgent.has(key) });
    for (const key of ['first', 'a', 'b', 'c', 'd']) queue.add(key);
    urgent.add('d');
    queue.add('d');
    await clock.pass(20);
    assert.deepEqual(order, ['first', 'd', 'a', 'b', 'c']);
  });

  describe('with groups', () => {
    const groupOf = (key: string) => key.split('/')[0] ?? '';

    it('lets no group with many keys hold up another', async () => {
      const order: string[] = [];
      const work = async (key: string) => {
        order.push(key);
        await clock.sleep(1);
      };
      const { queue, clock } = queueOf(work, 1, { groupOf });
      for (let number = 0; number < 100; number += 1) queue.add(`busy/${number}`);
      queue.add('a/1');
      queue.add('b/1');
      queue.add('a/2');
      await clock.pass(5);
      assert.deepEqual(order.slice(0, 5), ['busy/0', 'busy/1', 'a/1', 'b/1', 'busy/2']);
    });

    it('leaves workers to others, however long the work of a group takes', async () => {
      const began: string[] = [];
      const work = (key: string) => {
        began.push(key);
        return clock.sleep(1_000_000);
      };
      const { queue, clock } = queueOf(work, 8, { groupOf });
      for (const group of ['a', 'b', 'c', 'd']) {
        for (let number = 0; number < 20; number += 1) queue.add(`${group}/${number}`);
        await clock.pass(1);
      }
      const count = (group: string) => began.filter((key) => key.startsWith(`${group}/`)).length;
      assert.deepEqual(['a', 'b', 'c', 'd'].map(count), [4, 2, 1, 1]);
      assert.equal(queue.depth, 72);
    });

    it('delays the retries of no group for the failures of another', async () => {
      const tried: string[] = [];
      const work = async (key: string) => {
        tried.push(key);
        throw new Error('no');
      };
      const { queue, clock } = queueOf(work, 1, { groupOf });
      for (let number = 0; number < 1_000; number += 1) queue.add(`busy/${number}`);
      await clock.pass(10);
      queue.add('a/1');
      await clock.pass(300);
      assert.equal(tried.filter((key) => key === 'a/1').length, 2);
    });
  });

  it('tries a failure again after 0.2, 0.4 and 0.8 s, a quarter more or less, up to a minute', async () => {
    for (const [chance, factor] of [
      [0, 0.75],
      [0.5, 1],
      [1, 1.25],
    ] as const) {
      const clock = testClock(chance);
      const at: number[] = [];
      const errors: unknown[] = [];
      const queue = new WorkQueue({
        workers: 1,
        clock,
        onError: (_key, error) => errors.push(error),
        work: async () => {
          at.push(clock.now());
          throw new Error('no');
        },
      });
      queue.add('a');
      await clock.pass(400_000);
      const waits = at.slice(1).map((time, i) => Math.round((time - (at[i] ?? 0)) / factor));
      assert.deepEqual(waits.slice(0, 11), [200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 51_200, 60_000, 60_000]);
      assert.equal(errors.length, at.length);
      await queue.stop();
    }
  });

  it('resets the backoff after a success', async () => {
    const at: number[] = [];
    const fails = [true, true, false, true, false];
    const { queue, clock } = queueOf(async () => {
      at.push(clock.now());
      if (fails[at.length - 1]) throw new Error('no');
    }, 1);
    queue.add('a');
    await clock.pass(10_000);
    queue.add('a');
    await clock.pass(10_000);
    assert.deepEqual(at, [0, 200, 600, 10_000, 10_200]);
  });

  it('retries 200 failures of many keys immediately, and 20 a second after that', async () => {
    const at: number[] = [];
    const clock = testClock();
    const failed = new Set<string>();
    const queue = new WorkQueue({
      workers: 300,
      clock,
      onError: () => {},
      work: async (key) => {
        if (failed.has(key)) at.push(clock.now());
        else {
          failed.add(key);
          throw new Error('no');
        }
      },
    });
    for (let key = 0; key < 240; key += 1) queue.add(`key ${key}`);
    await clock.pass(60_000);
    assert.equal(at.filter((time) => time === 200).length, 200);
    assert.deepEqual([at.length, at[200], at[239]], [240, 250, 2200]);
    await queue.stop();
  });

  it('keeps the earlier of two times, in either order', async () => {
    for (const [first, second] of [
      [40, 5_000],
      [5_000, 40],
    ] as const) {
      const done: number[] = [];
      const { queue, clock } = queueOf(async () => void done.push(clock.now()));
      queue.addAfter('a', first);
      queue.addAfter('a', second);
      await clock.pass(39);
      assert.deepEqual(done, []);
      await clock.pass(10_000);
      assert.deepEqual(done, [40]);
    }
  });

  it('keeps the earlier of two times that were set one after the other', async () => {
    for (const [delay, due] of [
      [2_000, 5_000],
      [500, 4_500],
    ] as const) {
      const done: number[] = [];
      const { queue, clock } = queueOf(async () => void done.push(clock.now()));
      queue.addAfter('a', 5_000);
      await clock.pass(4_000);
      queue.addAfter('a', delay);
      await clock.pass(10_000);
      assert.deepEqual(done, [due]);
    }
  });

  it('ends what is in progress and takes nothing new when it stops', async () => {
    const done: string[] = [];
    const { queue, clock } = queueOf(async (key) => {
      await clock.sleep(20);
      done.push(key);
    }, 1);
    queue.add('a');
    queue.add('b');
    queue.addAfter('c', 1);
    let stopped = false;
    const stopping = queue.stop().then(() => {
      stopped = true;
    });
    await clock.pass(19);
    assert.equal(stopped, false);
    await clock.pass(1);
    await stopping;
    queue.add('d');
    await clock.pass(50);
    assert.deepEqual(done, ['a']);
  });

  it('knows for how long its oldest work has been going on, and how long a key waited', async () => {
    const waited: number[] = [];
    const { queue, clock } = queueOf(() => clock.sleep(60), 1, { onStart: (_key, ms) => waited.push(ms) });
    assert.equal(queue.longestWorkMs, 0);
    queue.add('a');
    queue.add('b');
    await clock.pass(30);
    assert.equal(queue.longestWorkMs, 30);
    await clock.pass(40);
    assert.equal(queue.longestWorkMs, 10);
    assert.deepEqual(waited, [0, 60]);
  });
});
