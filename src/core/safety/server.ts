import type { Dialect } from '../model/dialect.ts';
import type { Server } from './rule.ts';

/** The default server versions; for SQLite, the library that is bundled with db-manager. */
export const NEWEST = { postgres: '18', sqlite: '3.52.0' } as const satisfies Record<Dialect, string>;

/** Version numbers of the servers: PostgreSQL 15.18 is 150018, SQLite 3.52.0 is 3052000. */
const COUNT = {
  postgres: ([major = 0, minor = 0]: number[]) => major * 10_000 + minor,
  sqlite: ([major = 0, minor = 0, patch = 0]: number[]) => major * 1_000_000 + minor * 1_000 + patch,
} satisfies Record<Dialect, (parts: number[]) => number>;

/** Of `15`, `15.4`, `PostgreSQL 15.18 (Debian 15.18-0)`, `SQLite 3.52.0`; undefined if it contains no version. */
export function serverOf(dialect: Dialect, text: string): Server | undefined {
  const written = /\d+(?:\.\d+)*/.exec(text)?.[0];
  return written === undefined ? undefined : { dialect, version: COUNT[dialect](written.split('.').map(Number)) };
}
