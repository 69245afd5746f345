import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { guardProcess, releaseProcess } from './lifetime.ts';

export interface ServerOptions {
  command: string;
  args: readonly string[];
  /** Receives stdout and stderr; appended to. */
  logFile: string;
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  uid?: number;
  gid?: number;
}

export interface Ending {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A long-running child that leads its own process group and is killed with this process. */
export interface Server {
  readonly pid: number;
  readonly logFile: string;
  /** Resolves when the process has ended; never rejects. */
  readonly ended: Promise<Ending>;
  isRunning(): boolean;
  /** Sends the signal (default SIGTERM), and SIGKILL to the group after `graceMs` (default 5000). */
  stop(signal?: NodeJS.Signals, graceMs?: number): Promise<Ending>;
  /** The last lines of the log, for an error message. */
  logTail(lines?: number): Promise<string>;
}

/** Starts a server. Throws when the program cannot be started at all. */
export async function startServer(options: ServerOptions): Promise<Server> {
  const log = openSync(options.logFile, 'a', 0o600);
  const child = spawn(options.command, options.args, {
    cwd: options.cwd ?? '/',
    env: options.env ?? process.env,
    uid: options.uid,
    gid: options.gid,
    stdio: ['ignore', log, log],
    detached: true,
  });
  closeSync(log);
  await Promise.race([
    once(child, 'spawn'),
    once(child, 'error').then(([error]) => {
      throw new Error(`cannot start ${options.command}`, { cause: error });
    }),
  ]);
  return asServer(child, options.logFile);
}

function asServer(child: ChildProcess, logFile: string): Server {
  const pid = child.pid;
  if (pid === undefined) throw new Error('a started process has no pid');
  guardProcess(pid);
  // Not counted by the event loop: a script that forgets to stop a server still ends, and the watchdog cleans up.
  child.unref();
  let ending: Ending | undefined;
  const ended = new Promise<Ending>((resolve) => {
    child.once('exit', (code, signal) => {
      releaseProcess(pid);
      ending = { code, signal };
      resolve(ending);
    });
  });
  return {
    pid,
    logFile,
    ended,
    isRunning: () => ending === undefined,
    async stop(signal = 'SIGTERM', graceMs = 5_000) {
      if (ending) return ending;
      child.ref();
      process.kill(pid, signal);
      const timer = setTimeout(() => killGroup(pid), graceMs);
      const result = await ended;
      clearTimeout(timer);
      return result;
    },
    logTail: (lines = 30) => tailOf(logFile, lines),
  };
}

/** SIGKILL to the process group led by `pid`; nothing happens when it is gone. */
export function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (!isErrno(error, 'ESRCH')) throw error;
  }
}

export async function tailOf(file: string, lines: number): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '(no log)');
  return text.trimEnd().split('\n').slice(-lines).join('\n');
}

/** For a child with an environment of its own: without it, two thirds of a short command's time is compiling. */
export function compileCache(): Record<string, string> {
  const { NODE_COMPILE_CACHE: folder } = process.env;
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: folder };
}

export interface CommandResult {
  /** The exit code; -1 when a signal ended it or it could not start. */
  code: number;
  stdout: string;
  stderr: string;
}

export interface CommandOptions {
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  input?: string;
  /** Milliseconds until SIGKILL; default 60000. */
  timeoutMs?: number;
  signal?: AbortSignal;
  uid?: number;
  gid?: number;
}

/** Runs a command to its end and returns its output; a failing command is a result, not an error. */
export function runCommand(command: string, args: readonly string[], options: CommandOptions = {}) {
  return new Promise<CommandResult>((resolve) => {
    const child = execFile(
      command,
      [...args],
      {
        env: options.env ?? process.env,
        cwd: options.cwd,
        uid: options.uid,
        gid: options.gid,
        timeout: options.timeoutMs ?? 60_000,
        signal: options.signal,
        killSignal: 'SIGKILL',
        maxBuffer: 256 * 1024 * 1024,
        encoding: 'utf8',
      },
      (error, stdout, stderr) => {
        if (!error) return resolve({ code: 0, stdout, stderr });
        const code = typeof error.code === 'number' ? error.code : -1;
        resolve({ code, stdout, stderr: code === -1 ? `${stderr}${error.message}` : stderr });
      },
    );
    child.stdin?.on('error', () => {});
    child.stdin?.end(options.input ?? '');
  });
}

/** As `runCommand`, but throws with the program's own words when it fails. Returns stdout. */
export async function mustRun(command: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await runCommand(command, args, options);
  if (code === 0) return stdout;
  throw new Error(`${command} ${args[0] ?? ''} failed with exit code ${code}:\n${(stderr || stdout).trim()}`);
}

/** The absolute path of a program on PATH, or undefined. */
export function findOnPath(program: string): string | undefined {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, program))
    .find((path) => existsSync(path));
}

/**
 * Asks again every `everyMs` (default 50) until the answer is neither undefined nor false, and returns it. Throws after
 * `timeoutMs`, or when the signal aborts, with `what` and, if given, the words of `explain`.
 */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined | false> | T | undefined | false,
  options: { timeoutMs?: number; everyMs?: number; explain?: () => Promise<string>; signal?: AbortSignal } = {},
): Promise<T> {
  const timeoutMs = options.timeoutMs ?? 60_000;
  const started = Date.now();
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() - started > timeoutMs || options.signal?.aborted) {
      const details = options.explain ? `\n${await options.explain()}` : '';
      const cause = options.signal?.reason;
      throw new Error(`waited ${Date.now() - started} ms for ${what}, in vain${details}`, { cause });
    }
    await sleep(options.everyMs ?? 50);
  }
}

export function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
