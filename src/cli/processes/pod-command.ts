/** A run of the command of another tool in a pod: the runner is a sidecar of the containers of the command. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { listenForCommands } from '../../command/pod.ts';
import { withoutClientParameters } from '../../core/model/connection/command-url.ts';
import { ProblemError } from '../../core/model/problem.ts';
import type { RunEvent, RunReport } from '../../core/model/report.ts';
import { COMMAND_FOLDER_VARIABLE, type CommandRequest, LAST_STAGE } from '../../core/model/request.ts';
import { runWrapped } from '../../engine/wrapped/run.ts';
import { podHost } from '../../library/command-host.ts';
import { runEnvironment } from '../environment.ts';
import type { Io } from '../io.ts';
import { targetFromRequest } from '../request-target.ts';

export interface PodRun {
  /** Never throws for failures of the run. Throws ProblemError if the pod cannot run it. */
  run(request: CommandRequest, emit: (event: RunEvent) => void): Promise<RunReport>;
  /**
   * Lets the containers end, the last one with this exit code, and waits for the kubelet to end this process: a sidecar
   * that ends earlier would be restarted.
   */
  finish(exitCode: number, lines: readonly string[]): Promise<void>;
}

/** Undefined outside of a pod for commands. */
export async function podRun(io: Io): Promise<PodRun | undefined> {
  const folder = io.env[COMMAND_FOLDER_VARIABLE];
  if (folder === undefined) return undefined;
  const terminated = new AbortController();
  const signal = AbortSignal.any([io.signal, terminated.signal]);
  const commands = await listenForCommands(join(folder, 'control.sock'), () => terminated.abort());
  return {
    async run(request, emit) {
      const marker = join(folder, 'started');
      if (existsSync(marker)) {
        throw new ProblemError({
          reason: 'Interrupted',
          message: 'The runner of this pod was restarted during the run, for example because it used too much memory.',
        });
      }
      writeFileSync(marker, '');
      // Its image is pulled before anything is locked.
      await commands.waitFor('rehearse', signal).catch(() => {
        const message = 'The run was stopped before the container of the command had started.';
        throw new ProblemError({ reason: 'Interrupted', message });
      });
      const givenUrl = 'urlVariable' in request.database ? io.env[request.database.urlVariable] : undefined;
      const target = targetFromRequest(request, io.env, withoutClientParameters);
      const environment = { ...runEnvironment(io, target, request, emit), signal };
      const onOutput = (line: string, stage: string) => io.err(`${stage} | ${line}`);
      const { mask = (text: string) => text } = environment;
      const host = podHost(request.command, commands, { target, givenUrl, mask, onOutput });
      return runWrapped(request, { ...environment, host });
    },
    async finish(exitCode, lines) {
      commands.finish(LAST_STAGE, exitCode, lines);
      if (!io.signal.aborted) await new Promise((done) => io.signal.addEventListener('abort', done, { once: true }));
      await commands.close();
    },
  };
}
