import { stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno } from './durable.ts';

/** The file in the folder of a partial backup whose time shows that a process still writes it. */
const HEARTBEAT_FILE = 'heartbeat';
const HEARTBEAT_MS = 5_000;
/** A writer is considered dead after this silence. It also covers the different clocks of machines that share a volume. */
const SILENCE_MS = 5 * 60_000;

/** Marks the folder as being written and updates the mark until the returned function is called. */
export async function startWriting(folder: string): Promise<() => void> {
  const path = join(folder, HEARTBEAT_FILE);
  await writeFile(path, '', { mode: 0o600 });
  const beat = () => utimes(path, new Date(), new Date()).catch(() => {});
  const timer = setInterval(() => void beat(), HEARTBEAT_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** Whether a process may still write this partial backup. */
export async function isBeingWritten(folder: string): Promise<boolean> {
  try {
    const mark = await stat(join(folder, HEARTBEAT_FILE)).catch(() => stat(folder));
    return Date.now() - mark.mtimeMs < SILENCE_MS;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false;
    throw error;
  }
}
