/** Who runs the command: this process, or other containers of the pod. */
import type { CommandPlace } from '../../core/model/command.ts';
import type { Secret } from '../../core/model/secret.ts';

export type CommandStage = 'rehearse' | 'apply' | 'down';

export interface CommandResult {
  /** 0 is success; absent if a signal ended it. */
  code?: number;
  /** How it ended, as a sentence without a full stop: `alembic upgrade head ended with exit code 1`. */
  ending: string;
  /** The last lines of its output, masked. */
  lines: string[];
  seconds: number;
  /** Remarks for the message of the step. */
  notes: string[];
}

export interface CommandHost {
  /** The folder in which the command runs, where its files can be read. */
  folder?: string;
  /** Checks before anything is opened. Throws ProblemError InvalidConfiguration. */
  check(): void;
  /** The fixed port and token of a stage, where the command cannot be given others. */
  endpoint?(stage: CommandStage): { port: number; token: Secret };
  /** Runs the command to its end. Throws ProblemError if it cannot be started. */
  run(stage: CommandStage, place: CommandPlace, signal: AbortSignal): Promise<CommandResult>;
}
