import { type Waited, type WaitOptions, waitForRevision } from '../../library/wait.ts';
import type { Globals } from '../globals.ts';
import type { Io } from '../io.ts';
import { print } from '../output/print.ts';

/** A longer list of names is not useful in the log of an init container. */
const MOST_NAMES = 20;

/**
 * `wait`: exit 0 as soon as the revision is applied, 3 on timeout. Every change of the state that it waits for is
 * written to standard error, so that `kubectl logs` of a blocked pod shows the cause.
 */
export async function wait(options: Globals & Pick<WaitOptions, 'revision' | 'timeout'>, io: Io): Promise<void> {
  const waited = await waitForRevision({ ...options, signal: io.signal, onMessage: (message) => io.err(message) });
  print(io, options, waited, sentence);
  if (!waited.reached) io.setExitCode(3);
}

function sentence({ reached, revision, seconds, why, pending = [] }: Waited): string {
  if (reached) return `${revision} is applied (waited ${seconds.toFixed(1)} s).`;
  const names = pending.length > 1 ? pending.slice(0, MOST_NAMES).map((name) => `  pending  ${name}`) : [];
  const more = pending.length > MOST_NAMES ? [`  and ${pending.length - MOST_NAMES} more`] : [];
  return [`${revision} is not applied after ${seconds.toFixed(0)} s: ${why}`, ...names, ...more].join('\n');
}
