import { setTimeout as sleep } from 'node:timers/promises';
import type { Recorded } from './read.ts';
import type { Recorder } from './record.ts';

/** Without rows, code has little to do. If it is silent for longer, it waits for something that will not happen. */
const SILENCE_MS = 10_000;

/**
 * The statements that were recorded until the work ended or was silent for 10 s; in that case, later statements are
 * unknown. Throws the error of the work. The list is a copy, because abandoned code may still send statements.
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
