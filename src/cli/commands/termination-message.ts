import { writeFileSync } from 'node:fs';
import { TERMINATION_MESSAGE_BYTES } from '../../core/model/report.ts';
import type { Io } from '../io.ts';

/**
 * What `kubectl describe pod` shows of a container that has ended. Outside a pod there is no such file and nothing is
 * written: whatever this says stands in the log too.
 */
export function leaveTerminationMessage(io: Io, text: string): void {
  const bytes = Buffer.from(text).subarray(0, TERMINATION_MESSAGE_BYTES);
  try {
    writeFileSync(io.env.DB_MANAGER_TERMINATION_LOG ?? '/dev/termination-log', bytes, { flag: 'r+' });
  } catch {
    // no pod
  }
}
