/** Where the command of another tool runs: as a child of this process, or in other containers of its pod. */
import { checkUrlFormat, commandEnvironment } from '../command/environment.ts';
import type { PodCommands } from '../command/pod.ts';
import { type CommandEnd, findProgram, runCommand } from '../command/process.ts';
import type { Command, CommandPlace } from '../core/model/command.ts';
import { displayCommand } from '../core/model/display-command.ts';
import { masker } from '../core/model/masking.ts';
import type { DatabaseTarget } from '../core/model/target.ts';
import type { CommandHost, CommandResult, CommandStage } from '../engine/wrapped/host.ts';

interface HostOptions {
  target: DatabaseTarget;
  /** The database URL as its owner wrote it. */
  givenUrl?: string;
  /** Removes the secrets of the run from a text. */
  mask(text: string): string;
  /** Called with each line that the command prints, masked. */
  onOutput?(line: string, stage: CommandStage): void;
}

/** Runs the command as a child of this process. */
export function localHost(
  command: Command,
  env: Readonly<Record<string, string | undefined>>,
  { target, givenUrl, mask, onOutput }: HostOptions,
): CommandHost {
  return {
    folder: command.workingDir ?? '.',
    check() {
      checkUrlFormat(command.urlFormat, target.dialect);
      for (const words of [command.run, command.down ?? command.run])
        findProgram(words[0] ?? '', command.workingDir ?? '.', env.PATH);
    },
    async run(stage, place, signal) {
      const words = wordsOf(command, stage);
      const { env: own, removed } = commandEnvironment(command, place, { target, givenUrl }, env);
      const end = await runCommand(words, {
        workingDir: command.workingDir,
        env: own,
        mask: withToken(place, mask),
        onLine: (line) => onOutput?.(line, stage),
        signal,
      });
      return resultOf(words, end, removed);
    },
  };
}

/** Runs the command in the containers of the pod, whose own variables stay as they are. */
export function podHost(
  command: Command,
  commands: PodCommands,
  { target, givenUrl, mask, onOutput }: HostOptions,
): CommandHost {
  return {
    check: () => checkUrlFormat(command.urlFormat, target.dialect),
    async run(stage, place, signal) {
      const end = await commands.run(stage, {
        env: commandEnvironment(command, place, { target, givenUrl }, {}).env,
        mask: withToken(place, mask),
        onLine: (line) => onOutput?.(line, stage),
        signal,
      });
      return resultOf(wordsOf(command, stage), end, []);
    },
  };
}

function wordsOf({ run, down = [] }: Command, stage: CommandStage): readonly string[] {
  return stage === 'down' ? down : run;
}

/** The token is a secret while the run lasts. */
function withToken(place: CommandPlace, mask: (text: string) => string): (text: string) => string {
  const token = 'token' in place ? masker([place.token]) : (text: string) => text;
  return (text) => token(mask(text));
}

function resultOf(words: readonly string[], end: CommandEnd, removed: readonly string[]): CommandResult {
  const { code, signalName, lines, seconds, leftBehind } = end;
  const how = code === undefined ? `was ended by ${signalName}` : `ended with exit code ${code}`;
  return {
    ...(code === undefined ? {} : { code }),
    ending: `${displayCommand(words)} ${how}`,
    lines,
    seconds,
    notes: [
      ...(removed.length === 0
        ? []
        : [`not passed to the command, because they contain the password: ${removed.join(', ')}`]),
      ...(leftBehind ? ['warning: the command left processes running, which were terminated'] : []),
    ],
  };
}
