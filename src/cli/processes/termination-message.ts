import { writeFileSync } from 'node:fs';
import { TERMINATION_MESSAGE_BYTES } from '../../core/model/report-limits.ts';
import type { Io } from '../io.ts';

/**
 * The text that `kubectl describe pod` shows for a container that has ended. Outside a pod the file does not exist and
 * nothing is written: the log contains the same text.
 */
export function leaveTerminationMessage(io: Io, text: string): void {
  const bytes = Buffer.from(text).subarray(0, TERMINATION_MESSAGE_BYTES);
  try {
    writeFileSync(io.env.DB_MANAGER_TERMINATION_LOG ?? '/dev/termination-log', bytes, { flag: 'r+' });
  } catch {
    // not in a pod
  }
}
