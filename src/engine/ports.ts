import type { Progress, RunEvent } from '../core/model/report.ts';
import type { RunRequest } from '../core/model/request.ts';
import type { DatabaseTarget } from '../core/model/target.ts';
import type { OpenDatabase, ScratchServer } from '../database/port.ts';

/** Everything that a run gets from outside. Secrets are only in `target`. */
export interface RunEnvironment {
  target: DatabaseTarget;
  openDatabase: OpenDatabase;
  /** Where scratch copies are made. */
  rehearsalServer?: ScratchServer;
  /** Who runs, for those who wait on the lock: `pod/x` or `user@host`. */
  holder: string;
  now(): Date;
  emit(event: RunEvent): void;
  /** Takes the secrets that this process was given out of a text that leaves it. */
  mask?(text: string): string;
  /** Aborted when the process is asked to stop. */
  signal: AbortSignal;
}

/** What a step may use. Cleanups registered with `defer` run in reverse order when the run ends, however it ends. */
export interface RunPorts extends Omit<RunEnvironment, 'emit' | 'mask'> {
  request: RunRequest;
  progress(progress: Progress): void;
  defer(what: string, cleanup: () => Promise<void>): void;
}
