import type { Duplex } from 'node:stream';
import type { Sequelize } from 'sequelize';
import type { DatabaseIdentity } from '../../core/model/backup.ts';
import type { Capabilities, Dialect } from '../../core/model/dialect.ts';
import type { Timeouts } from '../../core/model/target.ts';

/** The connection: the identity of the database, and closing it. */
export interface Driver {
  readonly dialect: Dialect;
  readonly can: Capabilities;
  readonly identity: DatabaseIdentity;
  /** The Sequelize connection, for users of the library and for models; modules use the roles of the database. */
  readonly sequelize: Sequelize;
  /**
   * A connection that is passed on to another program: authenticated, and not used yet. Absent if programs open the
   * database themselves. `parameters`: of the client's startup message. Throws ProblemError, or the server's error.
   */
  dial?(parameters: ReadonlyMap<string, string>, options: DialOptions): Promise<RawSession>;
  close(): Promise<void>;
}

export interface OpenOptions {
  timeouts: Timeouts;
  /** Visible to the database's administrators: `pg_stat_activity.application_name`. */
  applicationName: string;
  /** Create a missing database: true for any, `file` only for one that is a file, with its folders. Default false. */
  create?: boolean | 'file';
  /** The content is deleted with the run: SQLite does not wait until it is on the disk. */
  temporary?: boolean;
  /** Called once a database was created, with a sentence. */
  onCreated?(message: string): void;
}

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
