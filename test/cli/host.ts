/**
 * A process that runs one command after the other as `src/cli/start.ts` runs one, for tests that run many: a process of
 * its own costs half a second of CPU time for each. Each command gets its folder, its environment and its output.
 *
 * Not for tests of what belongs to the process: its exit, signals, a terminal, output that a migration prints late, a
 * file of models that changes between commands (Node loads it once).
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { atEnd, guardProcess, releaseProcess } from '../support/lifetime.ts';

export interface HostedCommand {
  cwd: string;
  env: Record<string, string | undefined>;
  args: string[];
  /** A module to import instead of a command; its default export is printed as JSON. */
  module?: string;
}

export interface HostedResult {
  code: number | null;
  out: string;
  err: string;
}

let shared: ChildProcess | undefined;
let last: Promise<unknown> = Promise.resolve();

/** Runs a command in the process that all tests of this worker share; commands wait for each other. */
export function runHosted(command: HostedCommand): Promise<HostedResult> {
  const result = last.then(() => ask(command));
  last = result.catch(() => {});
  return result;
}

async function ask(command: HostedCommand): Promise<HostedResult> {
  const child = host();
  const stop = new AbortController();
  const { signal } = stop;
  const ended = once(child, 'exit', { signal }).then(([code, by]) => {
    throw new Error(`the process ended (${by ?? code}) while it ran db-manager ${command.args.join(' ')}`);
  });
  const answered = once(child, 'message', { signal }).then(([result]) => result as HostedResult);
  for (const waiting of [ended, answered]) waiting.catch(() => {});
  child.send(command);
  try {
    return await Promise.race([answered, ended]);
  } finally {
    stop.abort();
  }
}

function host(): ChildProcess {
  if (shared !== undefined) return shared;
  const child = fork(join(import.meta.dirname, 'host-process.ts'), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const { pid } = child;
  if (pid === undefined) throw new Error('the process of the commands could not be started');
  guardProcess(pid);
  child.once('exit', () => {
    releaseProcess(pid);
    if (shared === child) shared = undefined;
  });
  // Not counted by the event loop while it has nothing to do.
  child.unref();
  child.channel?.unref();
  shared = child;
  atEnd('the process of the commands', async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.disconnect();
    await exited;
  });
  return child;
}
