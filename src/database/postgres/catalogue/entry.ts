/** One line of the digest, and what every reader of a class needs. */
import { createHash } from 'node:crypto';
import type { ServerMajor } from './sql.ts';

/** `[grantor, grantee or '', privilege, grantable]` */
export type Privilege = [grantor: string, grantee: string, privilege: string, grantable: boolean];

/** One object. A null value was not readable and is not compared. */
export interface CatalogueEntry {
  class: string;
  /** With its type, as PostgreSQL identifies it: `table public.orders`. */
  name: string;
  owner: string | null;
  privileges: Privilege[] | null;
  /** A hash of the definition, or what may be shown of it: a count of rows. */
  value: string | null;
}

/** Runs a query whose only column is text; the rows. */
export type RunQuery = (sql: string) => Promise<string[]>;

export interface CatalogueOptions extends ServerMajor {
  /** Only objects in these schemas; absent: everything, including the properties of the database. */
  schemas?: readonly string[];
  /** False: large objects are in no such backup. */
  largeObjects: boolean;
  /** Rows are counted, and their content is not read. */
  counts?: boolean;
}

export const hashOf = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 16);

export function within(schema: string | null, { schemas }: CatalogueOptions): boolean {
  return schemas === undefined || (schema !== null && schemas.includes(schema));
}
