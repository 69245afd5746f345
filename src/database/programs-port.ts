/** The part of `port.ts` for programs of others that work in a database: their connection, and what they do. */
import type { Duplex } from 'node:stream';
import type { MigrationEffects } from '../core/model/effects.ts';
import type { Timeouts } from '../core/model/target.ts';

export interface DialOptions {
  /** Visible to the database's administrators, before the client's own name. */
  applicationName: string;
  timeouts: Timeouts;
}

/** A session of PostgreSQL whose protocol is passed on as bytes. */
export interface RawSession {
  /** Paused. Whoever uses it destroys it. */
  stream: Duplex;
  /** What the server has reported: `server_version`, `TimeZone`, … */
  parameters: ReadonlyMap<string, string>;
  /** Of the server's process, as `pg_backend_pid()` gives it. */
  processId: number;
  /** Asks the server to cancel the current statement. Never throws. */
  cancel(): Promise<void>;
}

export interface ToolTable {
  /** PostgreSQL: its schema; SQLite: `main`. */
  schema: string;
  name: string;
  rows: Record<string, unknown>[];
}

/** Records what other sessions do in this database, until it is stopped. */
export interface Watch {
  /** The locks that they hold now are added. Never throws. */
  look(): Promise<void>;
  /** Waits until the other sessions have ended, as far as they end soon. */
  stop(): Promise<Observed>;
}

export interface Observed extends Pick<MigrationEffects, 'locks' | 'rewrites' | 'rows'> {
  /** Every table and sequence of the database whose content changed; `schema.name`. */
  changed: string[];
}
