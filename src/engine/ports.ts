import type { Plan } from '../core/model/plan.ts';
import type { Progress, RunEvent } from '../core/model/report.ts';
import type { CommonRequest, RunRequest } from '../core/model/request.ts';
import type { Secret } from '../core/model/secret.ts';
import type { DatabaseTarget } from '../core/model/target.ts';
import type { Database, OpenDatabase, ScratchServer } from '../database/port.ts';

/** All inputs of a run. Only `target` contains secrets. */
export interface RunEnvironment {
  target: DatabaseTarget;
  openDatabase: OpenDatabase;
  /** The server on which scratch copies are created. */
  rehearsalServer?: ScratchServer;
  /** Identities that read encrypted backups, for the rehearsal and `onFailure: Restore`. */
  backupIdentities?(): Promise<readonly Secret[]>;
  /** The owner of the run, shown to those that wait for the lock: `pod/x` or `user@host`. */
  holder: string;
  /** The image of this pod. */
  image?: string;
  now(): Date;
  emit(event: RunEvent): void;
  /** Removes the secrets of this process from a text before it is output. */
  mask?(text: string): string;
  /** Aborted when the process receives a stop request. */
  signal: AbortSignal;
}

/**
 * What a step may use. Cleanups registered with `defer` run in reverse order at the end of the run, also if it fails.
 */
export interface RunPorts<Request extends CommonRequest = RunRequest> extends Omit<RunEnvironment, 'emit' | 'mask'> {
  request: Request;
  /** Keeps the run in the target, once it holds the lock. */
  onLocked(database: Database, plan?: Plan): Promise<void>;
  progress(progress: Progress): void;
  defer(what: string, cleanup: () => Promise<void>): void;
}
