import { writeFileSync } from 'node:fs';
import { textStart } from '../../core/model/clip.ts';
import { TERMINATION_MESSAGE_BYTES } from '../../core/model/report-limits.ts';
import type { Io } from '../io.ts';

/**
 * Leaves the text that `kubectl describe pod` shows for a container that has ended. Outside a pod the file does not
 * exist and nothing is written: the log contains the same text.
 */
export function leaveTerminationMessage({ env, err }: Pick<Io, 'env' | 'err'>, text: string): void {
  const file = env.DB_MANAGER_TERMINATION_LOG ?? '/dev/termination-log';
  try {
    writeFileSync(file, withinBytes(text, TERMINATION_MESSAGE_BYTES), { flag: 'r+' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    err(`the termination message could not be written: ${(error as Error).message}`);
  }
}

/** The longest start of a text that has at most `limit` bytes in UTF-8; no character is cut. */
function withinBytes(text: string, limit: number): string {
  let start = textStart(text, limit);
  while (Buffer.byteLength(start) > limit) {
    const over = Buffer.byteLength(start) - limit;
    start = textStart(start, start.length - Math.ceil(over / 3));
  }
  return start;
}
