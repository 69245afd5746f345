import { open, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { isErrno } from './durable.ts';

/**
 * Records in a partial backup's folder which process writes it. On the same machine the process can be checked directly;
 * on another machine (another pod, the same volume) only the heartbeat shows whether it is alive.
 */
const WRITER_FILE = 'writer.json';
const HEARTBEAT_MS = 5_000;
/** A writer on another machine is considered dead after this silence. */
const SILENCE_MS = 5 * 60_000;

export interface Writer {
  machine: string;
  pid: number;
  /** The process's start in clock ticks since boot, so that a reused pid is not mistaken for it. */
  started: string;
}

export interface Heartbeat {
  stop(): void;
}

/** Marks the folder as written by this process and updates the mark until `stop`. */
export async function startWriting(folder: string): Promise<Heartbeat> {
  const text = JSON.stringify(await thisProcess());
  const path = join(folder, WRITER_FILE);
  await writeFile(path, text, { mode: 0o600 });
  // Written instead of touched, so that the time comes from the file system, which all machines share.
  const beat = () => open(path, 'r+').then((file) => file.write(text, 0).finally(() => file.close()));
  const timer = setInterval(() => void beat().catch(() => {}), HEARTBEAT_MS);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}

/** False only if it is certain that no process writes to this partial backup any more. */
export async function isBeingWritten(folder: string, silenceMs = SILENCE_MS): Promise<boolean> {
  const writer = await readWriter(join(folder, WRITER_FILE));
  const runs = writer === undefined ? undefined : await isSameWriter(writer);
  return runs ?? (await silenceOf(folder)) < silenceMs;
}

/** Whether this process still runs; undefined if it is on another machine. */
export async function isSameWriter(writer: Writer): Promise<boolean | undefined> {
  if (writer.machine !== (await machine())) return undefined;
  return (await startOf(writer.pid)) === writer.started;
}

async function readWriter(path: string): Promise<Writer | undefined> {
  try {
    return writerIn(await readFile(path, 'utf8'));
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** The writer that a mark names; undefined if the text is not a mark. */
export function writerIn(text: string): Writer | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isWriter(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isWriter(value: unknown): value is Writer {
  if (typeof value !== 'object' || value === null) return false;
  return (
    'machine' in value &&
    typeof value.machine === 'string' &&
    'pid' in value &&
    typeof value.pid === 'number' &&
    'started' in value &&
    typeof value.started === 'string'
  );
}

/** Milliseconds since the last heartbeat, by the clock of the file system. */
async function silenceOf(folder: string): Promise<number> {
  const probe = join(folder, `.probe-${process.pid}`);
  try {
    await writeFile(probe, '');
    const now = (await stat(probe)).mtimeMs;
    const mark = await stat(join(folder, WRITER_FILE)).catch(() => stat(folder));
    return now - mark.mtimeMs;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return 0;
    throw error;
  } finally {
    await rm(probe, { force: true });
  }
}

export async function thisProcess(): Promise<Writer> {
  return { machine: await machine(), pid: process.pid, started: (await startOf(process.pid)) ?? '' };
}

/** Identifies machine, boot and container: a pid is meaningful only within one of these. */
async function machine(): Promise<string> {
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  const namespace = await readlink('/proc/self/ns/pid').catch(() => '');
  return [hostname(), boot.trim(), namespace].join(' ');
}

/** Undefined if no such process runs; '' if the system does not provide this. */
async function startOf(pid: number): Promise<string | undefined> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    // A zombie has ended; its parent has not collected it yet.
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch {
    return isRunning(pid) ? '' : undefined;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isErrno(error, 'EPERM');
  }
}
