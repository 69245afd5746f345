import type { Secret } from './secret.ts';

/** How to reach the database, parsed once at the edge. */
export type DatabaseTarget = SqliteTarget | PostgresTarget;

export interface SqliteTarget {
  dialect: 'sqlite';
  /** Path of the file; relative paths are relative to the working directory of the process. */
  path: string;
}

export interface PostgresTarget {
  dialect: 'postgres';
  host: string;
  port: number;
  database: string;
  user: string;
  password?: Secret;
  ssl: PostgresSsl;
  /** The schemas that are migrated and validated; the first is where the history table lies. */
  schemas: string[];
}

export type SslMode = 'disable' | 'prefer' | 'require' | 'verify-ca' | 'verify-full';

export interface PostgresSsl {
  mode: SslMode;
  /** Paths of PEM files. */
  caFile?: string;
  certFile?: string;
  keyFile?: string;
}

/** Milliseconds; 0 means without limit. */
export interface Timeouts {
  connect: number;
  lock: number;
  statement: number;
  run: number;
}
