/** Runs the command of another tool in a process group of its own. It may import core/model. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { accessSync, constants, readdirSync, readFileSync, statSync } from 'node:fs';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ProblemError } from '../core/model/problem.ts';
import { LineReader } from './lines.ts';

export interface CommandOptions {
  workingDir?: string;
  env: Readonly<Record<string, string>>;
  /** Each line of its output, of both streams, masked. */
  onLine?(line: string): void;
  /** Removes secrets from a line. */
  mask(text: string): string;
  /** Aborted to end the process group. */
  signal: AbortSignal;
}

export interface CommandEnd {
  /** Absent if a signal ended it. */
  code?: number;
  signalName?: string;
  /** The last lines of its output, masked. */
  lines: string[];
  seconds: number;
  /** Processes of its group that were still running after its end, and were terminated. */
  leftBehind: boolean;
}

/** How many lines are kept. */
const MOST_LINES = 20;
/** Marks the processes of a run of a command, also those that have left its process group. */
const MARK = 'DB_MANAGER_COMMAND';
/** Between the request to end and the kill of the group, in milliseconds. */
const GRACE_MS = 10_000;

/** The path of a program. Throws ProblemError InvalidConfiguration if it is not found or may not be executed. */
export function findProgram(program: string, workingDir: string, path = ''): string {
  const isPath = program.includes('/');
  const places = isPath
    ? [isAbsolute(program) ? program : resolve(workingDir, program)]
    : path.split(delimiter).map((folder) => join(folder === '' ? '.' : folder, program));
  const files = places.filter((place) => statSync(place, { throwIfNoEntry: false })?.isFile() === true);
  const found = files.find((place) => isExecutable(place));
  if (found !== undefined) return found;
  const why = files.length > 0 ? `${files[0]} is not executable` : 'it does not exist';
  const where = isPath ? '' : ' in the folders of PATH';
  throw new ProblemError({
    reason: 'InvalidConfiguration',
    message: `The command ${program} cannot be run: ${why}${where}. Correct it, or set PATH. Nothing was changed.`,
  });
}

/** Runs it to its end; the exit code is a result. Throws ProblemError if it cannot be started. */
export async function runCommand(words: readonly string[], options: CommandOptions): Promise<CommandEnd> {
  const [program = '', ...args] = words;
  const cwd = resolve(options.workingDir ?? '.');
  if (statSync(cwd, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new ProblemError({
      reason: 'InvalidConfiguration',
      message: `The working directory ${cwd} of the command does not exist. Nothing was changed.`,
    });
  }
  const began = performance.now();
  const lines: string[] = [];
  const mark = randomUUID();
  // A session of its own has no terminal: a command that asks a question there fails immediately instead of waiting.
  const child = spawn(findProgram(program, cwd, options.env.PATH), args, {
    argv0: program,
    cwd,
    env: { ...options.env, [MARK]: mark },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const readers = [child.stdout, child.stderr].map((stream) => {
    const reader = new LineReader((line) => {
      const masked = options.mask(line);
      lines.push(masked);
      if (lines.length > MOST_LINES) lines.shift();
      options.onLine?.(masked);
    });
    stream.on('data', (chunk: Buffer) => reader.push(chunk));
    return reader;
  });
  const { code, signalName } = await ended(child, options.signal);
  const inGroup = await endGroup(child.pid);
  const leftBehind = (await endMarked(mark)) || inGroup;
  // Background processes of the command may keep the streams open.
  await Promise.race([Promise.all([streamEnd(child.stdout), streamEnd(child.stderr)]), sleep(1_000)]);
  for (const reader of readers) reader.finish();
  child.stdout?.destroy();
  child.stderr?.destroy();
  return {
    ...(code === null ? {} : { code }),
    ...(signalName === null ? {} : { signalName }),
    lines,
    seconds: (performance.now() - began) / 1000,
    leftBehind,
  };
}

async function ended(child: ChildProcess, signal: AbortSignal) {
  const end = new Promise<{ code: number | null; signalName: string | null }>((done, fail) => {
    child.once('error', (error) =>
      fail(
        new ProblemError(
          { reason: 'InvalidConfiguration', message: `The command cannot be started: ${error.message}.` },
          { cause: error },
        ),
      ),
    );
    child.once('exit', (code, signalName) => done({ code, signalName }));
  });
  let timer: NodeJS.Timeout | undefined;
  const stop = () => {
    signalGroup(child.pid, 'SIGTERM');
    timer = setTimeout(() => signalGroup(child.pid, 'SIGKILL'), GRACE_MS);
  };
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await end;
  } finally {
    signal.removeEventListener('abort', stop);
    clearTimeout(timer);
  }
}

/** Terminates the remaining processes of the group; true if there were any. */
async function endGroup(pid: number | undefined): Promise<boolean> {
  if (!signalGroup(pid, 'SIGTERM')) return false;
  const deadline = performance.now() + 2_000;
  while (performance.now() < deadline) {
    await sleep(20);
    if (!signalGroup(pid, 0)) return true;
  }
  signalGroup(pid, 'SIGKILL');
  return true;
}

/** A server that a command starts may have a session of its own. Only Linux shows the variables of other processes. */
async function endMarked(mark: string): Promise<boolean> {
  if (marked(mark).length === 0) return false;
  const deadline = performance.now() + 2_000;
  for (let signal: NodeJS.Signals = 'SIGTERM'; ; signal = performance.now() < deadline ? 'SIGTERM' : 'SIGKILL') {
    const left = marked(mark);
    if (left.length === 0 || performance.now() > deadline + 2_000) return true;
    for (const pid of left) sendSignal(pid, signal);
    await sleep(50);
  }
}

function marked(mark: string): number[] {
  if (process.platform !== 'linux') return [];
  const has = (pid: string) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`${MARK}=${mark}`);
    } catch {
      return false; // It has ended, or belongs to another user.
    }
  };
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && has(name))
    .map(Number);
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals | 0): boolean {
  return pid !== undefined && sendSignal(-pid, signal);
}

function sendSignal(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false; // It is gone.
  }
}

function streamEnd(stream: ChildProcess['stdout']): Promise<void> {
  if (stream === null || stream.readableEnded || stream.destroyed) return Promise.resolve();
  return new Promise((done) => stream.once('close', () => done()));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
