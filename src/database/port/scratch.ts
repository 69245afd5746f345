import type { Backup } from '../../core/model/backup.ts';
import type { DatabaseTarget } from '../../core/model/target.ts';

/** Scratch copies, on which a plan is rehearsed. A copy is a `Database` too. */
export interface ScratchMaker<Database> {
  /** A scratch database next to this one, filled from a backup, from this schema without rows, or empty. */
  createScratch(from: ScratchSource, options: ScratchOptions): Promise<ScratchHandle<Database>>;
  /**
   * Starts what a copy of this database needs, while something else runs; undefined if nothing can be started before.
   * Never throws: `createScratch` reports what failed.
   */
  prepareScratch(options: Pick<ScratchOptions, 'server'>): Promise<PreparedScratch | undefined>;
  /**
   * Drops scratch databases of crashed runs, and nothing else; returns their names. A message names each that other
   * sessions keep in use.
   */
  dropStaleScratches(onMessage?: (message: string) => void): Promise<string[]>;
}

export type ScratchSource =
  | { kind: 'backup'; backup: Backup }
  | { kind: 'schema' }
  /** With the target's schemas, except those that the code run there creates itself. */
  | {
      kind: 'empty';
      makes?(schema: string): boolean;
      makesRole?(role: string): boolean;
      makesExtension?(extension: string): boolean;
    };

/**
 * If the scratch databases of a server's database are created: on a private server of the run, on the target's
 * server, or on another server that is named. Auto: on a private server if possible, otherwise on the target's server.
 */
export type ScratchServer = 'Auto' | 'Private' | 'SameServer' | { target: DatabaseTarget };

export interface ScratchOptions {
  runId: string;
  /** Default Auto. Ignored for a database that is a file. */
  server?: ScratchServer;
  /** Used for the first copy that can use it. */
  prepared?: PreparedScratch;
  /** Extensions that the code run there creates. */
  extensions?: readonly string[];
  /** Folder for a file copy; by default next to the database. */
  folder?: string;
  onProgress?(done: number, total: number | undefined): void;
}

export interface PreparedScratch {
  /** If no copy used it; safe to call twice. */
  stop(): Promise<void>;
}

export interface ScratchHandle<Database> {
  database: Database;
  place: ScratchPlace;
  /** Differences from production, as sentences. */
  notes: string[];
  /** Of a copy of a backup: what could not be restored unchanged, as sentences, which are in `notes` too. */
  restored?: string[];
  /** Names of objects of the backup that the copy does not have: `table public.orders`. */
  missing?: string[];
  /** Drops the scratch database; safe to call twice. */
  drop(): Promise<void>;
}

export interface ScratchPlace {
  /** `Private`: its content is not visible outside and is deleted with the run. `File`: for a database that is a file. */
  kind: 'Private' | 'SameServer' | 'OtherServer' | 'File';
  /** Why the preferred place was not used; absent if it was. */
  why?: string;
}
