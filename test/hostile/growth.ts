import assert from 'node:assert/strict';

/** The shortest of some runs, in milliseconds: other processes only make a run longer. */
export function shortest(work: () => unknown, times = 5): number {
  const runs = Array.from({ length: times }, () => {
    const began = performance.now();
    work();
    return performance.now() - began;
  });
  return Math.min(...runs);
}

/**
 * Fails where the time grows with the square of the size. From 20,000 to 320,000 it would grow 256 times; a linear time
 * grows 16 times, and four times as much is allowed for. What takes under a few milliseconds is not measured. On a busy
 * machine it is measured again: a square never passes.
 */
export function assertLinear(work: (size: number) => unknown): void {
  work(20_000);
  let small = Number.POSITIVE_INFINITY;
  let large = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < 20; tries += 1) {
    small = Math.min(
      small,
      shortest(() => work(20_000)),
    );
    large = Math.min(
      large,
      shortest(() => work(320_000), 3),
    );
    if (large < 64 * Math.max(small, 0.3)) return;
  }
  assert.fail(`${small} ms for 20,000 and ${large} ms for 320,000`);
}
