/** Shortest and longest delay. Milliseconds. */
interface BackoffLimits {
  first: number;
  most: number;
}

/** The delay after the n-th failure in a row, 1 for the first: it doubles up to a limit. Milliseconds, without jitter. */
export function backoff(failures: number, { first, most }: BackoffLimits): number {
  return Math.min(first * 2 ** Math.min(failures - 1, 30), most);
}
