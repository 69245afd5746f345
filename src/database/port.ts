/**
 * The interface of a database for the rest of the project, by role. `postgres/` and `sqlite/` each implement it with files
 * of the same names; no other module knows which one is used. A function that needs one role takes that role. Expected
 * failures are thrown as `ProblemError` with the reason already set, because only a dialect can interpret its own error
 * codes.
 */
import type { DatabaseTarget } from '../core/model/target.ts';
import type { BackupTools } from './port/backup.ts';
import type { Driver, OpenOptions } from './port/driver.ts';
import type { Introspector } from './port/introspector.ts';
import type { Migrator } from './port/migrator.ts';
import type { ProgramHost } from './port/programs.ts';
import type { ScratchMaker, ScratchHandle as ScratchOf } from './port/scratch.ts';

export type * from './port/backup.ts';
export type * from './port/driver.ts';
export type * from './port/introspector.ts';
export type * from './port/migrator.ts';
export type * from './port/programs.ts';
export type { PreparedScratch, ScratchOptions, ScratchPlace, ScratchServer, ScratchSource } from './port/scratch.ts';

/** An open database in all its roles. */
export interface Database extends Driver, Introspector, Migrator, BackupTools, ProgramHost, ScratchMaker<Database> {}

export type Scratch = ScratchOf<Database>;

/** Connects and reads identity and version. Throws `ProblemError`: DatabaseUnreachable, AuthenticationFailed, … */
export type OpenDatabase = (target: DatabaseTarget, options: OpenOptions) => Promise<Database>;
