import type { Problem } from '../../model/problem.ts';
import type { Revision } from '../../model/revision.ts';

/** The tools whose history can be imported, each with its table. */
export const FOREIGN_TABLES = {
  sequelize: 'SequelizeMeta',
  alembic: 'alembic_version',
  flyway: 'flyway_schema_history',
  'golang-migrate': 'schema_migrations',
  dbmate: 'schema_migrations',
  goose: 'goose_db_version',
  knex: 'knex_migrations',
  prisma: '_prisma_migrations',
  drizzle: '__drizzle_migrations',
} as const;

export type ForeignTool = keyof typeof FOREIGN_TABLES;

/** One row from the driver: values by column name. */
export type ForeignRow = Readonly<Record<string, unknown>>;

/** The content of another tool's table in our terms. `at` is ISO 8601 in UTC if the tool stores a time. */
export type ForeignReading =
  | {
      ok: true;
      /** `checksum` if the tool stores the same one as we do. */
      applied: { revision: Revision; at?: string; checksum?: string }[];
      unmatched: string[];
      /** A note for the user about these names. */
      note?: string;
    }
  | { ok: false; problem: Problem };

/** The files on disk, for tools that store a hash or a time of them. */
export interface ForeignFiles {
  /** `sha256:<hex>` of each file. */
  checksums: ReadonlyMap<Revision, string>;
  /** Drizzle's journal: the time of each entry in milliseconds. */
  times?: ReadonlyMap<string, Revision>;
}

/** Reads a tool's rows against the revisions on disk, given in order. */
export type ReadForeign = (
  rows: readonly ForeignRow[],
  order: readonly Revision[],
  files?: ForeignFiles,
) => ForeignReading;

export function refuse(reason: Problem['reason'], message: string): ForeignReading {
  return { ok: false, problem: { reason, message } };
}

/** The text of a value: numbers too, since drivers give large ones as text, as number or as bigint. */
export function textOf(value: unknown): string {
  return value === null || value === undefined ? '' : String(value);
}

/** True also for the numbers and letters that drivers give for a boolean. */
export function truthOf(value: unknown): boolean {
  return value === true || value === 1 || value === 1n || value === 't' || value === 'true' || value === '1';
}

/** ISO 8601 of a Date, of SQLite's `YYYY-MM-DD HH:MM:SS` (UTC) or of milliseconds; undefined if it is not a time. */
export function timeOf(value: unknown): string | undefined {
  const date =
    value instanceof Date
      ? value
      : typeof value === 'number'
        ? new Date(value)
        : typeof value === 'string' && value !== ''
          ? new Date(/^[\d-]+ [\d:.]+$/.test(value) ? `${value.replace(' ', 'T')}Z` : value)
          : undefined;
  return date === undefined || Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

/** The number that a name starts with, without leading zeros, to compare versions. */
export function numberOf(name: string): string | undefined {
  const digits = /^\d+/.exec(name)?.[0];
  return digits === undefined ? undefined : String(BigInt(digits));
}
