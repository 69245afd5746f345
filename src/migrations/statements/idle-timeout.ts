import { setTimeout as sleep } from 'node:timers/promises';
import type { Recorded } from './read.ts';
import type { Recorder } from './record.ts';

/** Without rows code has little to do; what is silent for longer waits for something that will not come. */
const SILENCE_MS = 10_000;

/**
 * What a recording heard until its work ended or was silent for 10 s; then the rest of it stays unknown. Throws what the
 * work throws. The list is a copy: code that was given up may still send something.
 */
export async function withIdleTimeout(heard: Recorder, work: Promise<unknown>): Promise<ReadonlyMap<string, Recorded>> {
  const over = new AbortController();
  work.catch(() => {});
  try {
    await Promise.race([work, silence(heard, over.signal)]);
  } finally {
    over.abort();
  }
  return new Map(
    [...heard.recorded].map(([revision, { statements, complete }]) => [
      revision,
      { statements: [...statements], complete },
    ]),
  );
}

async function silence({ lastActivityAt }: Recorder, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && performance.now() - lastActivityAt() < SILENCE_MS) {
    await sleep(100, undefined, { signal }).catch(() => {});
  }
}
