import type { Dialect } from '../model/dialect.ts';
import type { Server } from './rule.ts';

/** What is assumed where nobody says which server it will be; SQLite's is the library that db-manager comes with. */
export const NEWEST = { postgres: '18', sqlite: '3.52.0' } as const satisfies Record<Dialect, string>;

/** As the servers count: PostgreSQL 15.18 is 150018, SQLite 3.52.0 is 3052000. */
const COUNT = {
  postgres: ([major = 0, minor = 0]: number[]) => major * 10_000 + minor,
  sqlite: ([major = 0, minor = 0, patch = 0]: number[]) => major * 1_000_000 + minor * 1_000 + patch,
} satisfies Record<Dialect, (parts: number[]) => number>;

/** Of `15`, `15.4`, `PostgreSQL 15.18 (Debian 15.18-0)`, `SQLite 3.52.0`; undefined where no version is in it. */
export function serverOf(dialect: Dialect, text: string): Server | undefined {
  const written = /\d+(?:\.\d+)*/.exec(text)?.[0];
  return written === undefined ? undefined : { dialect, version: COUNT[dialect](written.split('.').map(Number)) };
}
