import assert from 'node:assert/strict';

/** The shortest of some runs, in milliseconds of this thread's processor time: other processes do not count. */
export function shortest(work: () => unknown, times = 5): number {
  const runs = Array.from({ length: times }, () => {
    const began = process.threadCpuUsage();
    work();
    const { user, system } = process.threadCpuUsage(began);
    return (user + system) / 1000;
  });
  return Math.min(...runs);
}

/**
 * Fails where the time grows with the square of the size. From 20,000 to 320,000 it would grow 256 times; a linear time
 * grows 16 times, and four times as much is allowed for. What takes under a few milliseconds is not measured.
 */
export function assertLinear(work: (size: number) => unknown): void {
  work(20_000);
  const small = shortest(() => work(20_000));
  const large = shortest(() => work(320_000), 3);
  assert.ok(large < 64 * Math.max(small, 0.3), `${small} ms for 20,000 and ${large} ms for 320,000`);
}
