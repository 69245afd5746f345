/** The wait for the lock ends after half of timeouts.run, so that the steps after it still have time. Milliseconds. */
export function lockWait(runMs: number): number {
  return runMs === 0 ? 900_000 : runMs / 2;
}
