import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { StringDecoder } from 'node:string_decoder';
import { guardProcess, releaseProcess } from '../../support/lifetime.ts';
import { killGroup } from '../../support/processes.ts';
import { ContainerLog } from './container-log.ts';
import type { ContainerPlan, Placement } from './placement.ts';

/** One process that a container has been, or is; what `runsOf` gives to tests. */
export interface Run {
  container: string;
  /** The command as the container sees it. */
  argv: string[];
  env: Record<string, string>;
  pid: number;
  startedAt: Date;
  log: ContainerLog;
  /** Signals that were sent to it, in order. */
  signals: NodeJS.Signals[];
  /** True when a test made the end look like the kernel's out-of-memory killer. */
  outOfMemory: boolean;
  ending: RunEnding | undefined;
  ended: Promise<RunEnding>;
}

export interface RunEnding {
  /** As the kubelet counts: 128 + the signal's number where a signal ended it. */
  exitCode: number;
  finishedAt: Date;
}

/** Starts a container's process. Its group is killed with the test process. Never rejects: no program is exit 127. */
export function startContainer(container: string, plan: ContainerPlan, place: Placement): Run {
  const { command, args, env, cwd } = place(plan);
  const log = new ContainerLog();
  const child = spawn(command, args, { env, cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const { pid } = child;
  if (pid !== undefined) guardProcess(pid);
  for (const stream of [child.stdout, child.stderr]) {
    const decoder = new StringDecoder('utf8');
    stream.on('data', (chunk: Buffer) => log.append(decoder.write(chunk)));
  }
  const run: Run = {
    container,
    argv: plan.argv,
    env: plan.env,
    pid: pid ?? -1,
    startedAt: new Date(),
    log,
    signals: [],
    outOfMemory: false,
    ending: undefined,
    ended: new Promise((resolve) => {
      const end = (exitCode: number) => {
        if (run.ending) return;
        if (pid !== undefined) releaseProcess(pid);
        log.close();
        run.ending = { exitCode, finishedAt: new Date() };
        resolve(run.ending);
      };
      child.once('error', (error) => {
        log.append(`${error.message}\n`);
        end(127);
      });
      // A grandchild could keep the pipes open forever; in a real container it dies with the first process.
      child.once('exit', () => {
        if (pid !== undefined) killGroup(pid);
      });
      child.once('close', (code, signal) => end(code ?? 128 + (signal ? constants.signals[signal] : 0)));
    }),
  };
  return run;
}

/** Sends a signal to a container's first process; nothing happens when it has ended. */
export function signalRun(run: Run, signal: NodeJS.Signals): void {
  if (run.ending || run.pid < 0) return;
  run.signals.push(signal);
  if (signal === 'SIGKILL') killGroup(run.pid);
  else process.kill(run.pid, signal);
}
