import type { Client } from './driver.ts';
import { countEach } from './size.ts';

/** A table of the watched schemas, by its oid, which a rename keeps. */
export interface TableState {
  oid: string;
  schema: string;
  table: string;
  partitioned: boolean;
  partition: boolean;
  /** The file that stores it: a different number means that the table was rewritten. */
  node: string;
  /** Tables whose rows include this one's. */
  parents: string[];
  /** Absent for a partition: its rows are its parent's. */
  rows?: number;
}

export type TableStates = ReadonlyMap<string, TableState>;

/** A lock that the session holds on a table; `schema` is absent if the table was dropped since. */
export interface HeldLock {
  oid: string;
  mode: string;
}

export const nameOf = ({ schema, table }: Pick<TableState, 'schema' | 'table'>): string => `${schema}.${table}`;

/**
 * With one of these a session changes rows, or which rows a table has (PostgreSQL manual, 13.3.1): writing takes
 * RowExclusiveLock also for a cascade, a trigger or a partition; TRUNCATE, DROP and most of ALTER TABLE take
 * AccessExclusiveLock; a partition is attached under ShareUpdateExclusiveLock. A lock is held until the transaction
 * ends, or until the work under it was taken back (ROLLBACK TO SAVEPOINT).
 */
const CHANGING = new Set(['RowExclusiveLock', 'ShareUpdateExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock']);

const COLUMNS = `c.oid::text AS oid, n.nspname AS schema, c.relname AS "table", c.relkind = 'p' AS partitioned,
  c.relispartition AS partition, c.relfilenode::text AS node,
  ARRAY(SELECT i.inhparent::text FROM pg_inherits i WHERE i.inhrelid = c.oid) AS parents`;

/** The schemas whose tables are watched, without ours. */
interface Watched {
  schemas: readonly string[];
  own: readonly string[];
}

/** The tables of the schemas with their rows; `only`: of these alone, by their oids. */
async function read(client: Client, { schemas, own }: Watched, only?: readonly string[]): Promise<TableState[]> {
  const { rows } = await client.query<TableState>(
    `SELECT ${COLUMNS} FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND n.nspname = ANY($1) AND c.relname <> ALL($2)
       AND ($3::oid[] IS NULL OR c.oid = ANY($3::oid[]))`,
    [schemas, own, only ?? null],
  );
  return rows;
}

/**
 * State of a session's tables, carried over from one migration to the next: only changed tables are read
 * again, so that a plan of a thousand migrations does not count a thousand tables a thousand times.
 */
export class WatchedTables {
  readonly #watched: Watched;
  #committed: TableStates | undefined;
  #current: TableStates | undefined;
  #namespaces = '';
  /** Counted in the transaction that is open: the locks of that are ours. */
  #ours = new Set<string>();

  constructor(schemas: readonly string[], own: readonly string[]) {
    this.#watched = { schemas, own };
  }

  /** As the last migration left them. `apart`: another connection, so that counting takes no lock in the session. */
  async before(client: Client, apart: () => Promise<Client>): Promise<TableStates> {
    this.#current ??= await this.#readAll(client, apart);
    return this.#current;
  }

  /** The tables after a migration that holds these locks; none if it had no transaction, and all are read. */
  async after(client: Client, locks: readonly HeldLock[] | undefined): Promise<TableStates> {
    const known = this.#current;
    if (known === undefined || locks === undefined || (await this.#schemasChanged(client))) {
      this.#current = await this.#readWith(client);
      if (locks === undefined) this.#committed = this.#current;
      return this.#current;
    }
    const changed = new Set(locks.filter(({ mode }) => CHANGING.has(mode)).map(({ oid }) => oid));
    if (changed.size === 0) return known;
    const next = new Map(known);
    const seen = new Set<string>();
    for (let ask = withParents(changed, known); ask.length > 0; ) {
      for (const oid of ask) {
        seen.add(oid);
        next.delete(oid);
      }
      const found = await read(client, this.#watched, ask);
      await this.#count(client, found);
      for (const table of found) next.set(table.oid, table);
      ask = [...new Set(found.flatMap(({ parents }) => parents))].filter((oid) => !seen.has(oid));
    }
    this.#current = next;
    return next;
  }

  /** Whether the session holds it only because its rows were counted. */
  isOurs({ oid, mode }: HeldLock): boolean {
    return mode === 'AccessShareLock' && this.#ours.has(oid);
  }

  commit(): void {
    this.#committed = this.#current;
    this.#ours.clear();
  }

  /** Also if the result of the transaction is unknown: `forget`. */
  rollback(forget = false): void {
    this.#current = forget ? undefined : this.#committed;
    if (forget) this.#committed = undefined;
    this.#ours.clear();
  }

  async #readAll(client: Client, apart: () => Promise<Client>): Promise<TableStates> {
    const other = await apart().catch(() => undefined);
    if (other === undefined) return this.#readWith(client);
    try {
      const states = await this.#readWith(other);
      this.#ours.clear();
      this.#committed = states;
      return states;
    } finally {
      await other.end().catch(() => {});
    }
  }

  async #readWith(client: Client): Promise<TableStates> {
    this.#namespaces = await this.#readNamespaces(client);
    const tables = await read(client, this.#watched);
    await this.#count(client, tables);
    return new Map(tables.map((table) => [table.oid, table]));
  }

  async #count(client: Client, tables: readonly TableState[]): Promise<void> {
    const counted = tables.filter(({ partition }) => !partition);
    const counts = await countEach(
      client,
      counted.map(({ schema, table }) => ({ schema, name: table })),
    );
    for (const [index, table] of counted.entries()) table.rows = counts[index] ?? 0;
    for (const { oid } of tables) this.#ours.add(oid);
  }

  /** A schema that is renamed takes its tables along without a lock on them. */
  async #schemasChanged(client: Client): Promise<boolean> {
    return (await this.#readNamespaces(client)) !== this.#namespaces;
  }

  async #readNamespaces(client: Client): Promise<string> {
    const { rows } = await client.query<{ oid: string; name: string }>(
      'SELECT oid::text AS oid, nspname AS name FROM pg_namespace WHERE nspname = ANY($1) ORDER BY 1',
      [this.#watched.schemas],
    );
    return JSON.stringify(rows);
  }
}

/** With the tables that had their rows: one may have been taken out of its parent since. */
function withParents(oids: ReadonlySet<string>, known: TableStates): string[] {
  const all = new Set(oids);
  for (const oid of all) for (const parent of known.get(oid)?.parents ?? []) all.add(parent);
  return [...all];
}
