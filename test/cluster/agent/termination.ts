import { readFile } from 'node:fs/promises';
import type { V1Container } from '@kubernetes/client-node';
import type { Run } from './container.ts';

/** The kubelet's limits: 4096 bytes of the file; 2048 bytes or 80 lines of the log. */
const MESSAGE_BYTES = 4096;
const LOG_BYTES = 2048;
const LOG_LINES = 80;

/** What goes into `terminated.message`: the termination message file, or the end of the log, by terminationMessagePolicy. */
export async function terminationMessage(container: V1Container, file: string, run: Run): Promise<string | undefined> {
  const written = await readFile(file).catch(() => Buffer.alloc(0));
  if (written.length > 0) return written.subarray(0, MESSAGE_BYTES).toString();
  if (container.terminationMessagePolicy !== 'FallbackToLogsOnError' || run.ending?.exitCode === 0) return undefined;
  const lines = run.log.text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  const tail = `${lines.slice(-LOG_LINES).join('\n')}\n`;
  return Buffer.from(tail).subarray(-LOG_BYTES).toString();
}
