import type { OwnTables } from '../../core/model/history.ts';
import { rowChanges } from '../row-changes.ts';
import type { SessionObservation } from '../session.ts';
import { all, type Connection } from './driver.ts';
import { countRows } from './size.ts';
import { writtenTables } from './written-tables.ts';

interface TableStates {
  /** Tables with their root page: a table whose page changed was rewritten. */
  pages: ReadonlyMap<string, number>;
  /** `PRAGMA schema_version` when these were read. */
  version: number;
  /** By `main.<table>`. */
  rows: ReadonlyMap<string, number>;
}

/**
 * State of a session's tables, carried over from one migration to the next. They are counted again only if the
 * connection has changed a row (sqlite3_total_changes, which includes triggers, cascades and a DELETE of all rows), the
 * tables are different or a statement has dropped something. Where SQLite has listed what all statements of the migration
 * do, only the tables that these may write to or drop are counted.
 */
export class WatchedTables {
  readonly #connection: Connection;
  readonly #own: OwnTables;
  #committed: TableStates | undefined;
  #current: TableStates | undefined;
  #changes = 0;
  /** Before the history row, which does not count as a change of the migration. */
  #marked: number | undefined;
  /** A dropped table takes its rows along uncounted, and a new one of that name may get the same page. */
  #dropped = false;
  #written = writtenTables();

  constructor(connection: Connection, own: OwnTables) {
    this.#connection = connection;
    this.#own = own;
  }

  async before(): Promise<TableStates> {
    this.#current ??= {
      version: await this.#version(),
      pages: await this.#rootPages(),
      rows: await countRows(this.#connection, this.#own),
    };
    this.#changes = await this.#totalChanges();
    this.#marked = undefined;
    this.#dropped = false;
    this.#written = writtenTables();
    return this.#current;
  }

  /** Before each statement of the migration. */
  see(sql: string): void {
    this.#dropped ||= /\bdrop\b/i.test(sql);
    this.#written.see(sql);
  }

  /** After `see`, for a single statement that runs next. */
  async explain(sql: string): Promise<void> {
    if (this.#current !== undefined) await this.#written.explain(this.#connection, sql);
  }

  async after(): Promise<TableStates> {
    const known = this.#current;
    const changed = known === undefined || (this.#marked ?? (await this.#totalChanges())) !== this.#changes;
    const version = await this.#version();
    const touched = this.#written.pages();
    const pages =
      known !== undefined && touched !== undefined && version === known.version ? known.pages : await this.#rootPages();
    const isSame = ([name, page]: [string, number]) => known?.pages.get(name) === page;
    const same = !changed && !this.#dropped && pages.size === known.pages.size && [...pages].every(isSame);
    if (same) return known;
    if (known === undefined || touched === undefined) {
      this.#current = { version, pages, rows: await countRows(this.#connection, this.#own) };
      return this.#current;
    }
    const doubtful = [...pages].filter((table) => !isSame(table) || touched.has(table[1])).map(([name]) => name);
    const counted = await countRows(this.#connection, this.#own, doubtful);
    const kept = [...known.rows].filter(([name]) => pages.has(name.slice('main.'.length)));
    this.#current = { version, pages, rows: new Map([...kept, ...counted]) };
    return this.#current;
  }

  /** Whether the migration may have dropped a table, so that the page of one does not show which it is. */
  get hasDropped(): boolean {
    return this.#dropped;
  }

  /** The migration is done; its history row follows. */
  async mark(): Promise<void> {
    if (this.#current !== undefined) this.#marked = await this.#totalChanges();
  }

  commit(): void {
    this.#committed = this.#current;
  }

  rollback(): void {
    this.#current = this.#committed;
  }

  /** A migration without a transaction failed: it is unknown how much it changed. */
  forget(): void {
    this.#committed = undefined;
    this.#current = undefined;
  }

  async #version(): Promise<number> {
    const [row] = await all<{ schema_version: number }>(this.#connection, 'PRAGMA main.schema_version');
    return row?.schema_version ?? 0;
  }

  async #rootPages(): Promise<Map<string, number>> {
    const rows = await all<{ name: string; rootpage: number }>(
      this.#connection,
      "SELECT name, rootpage FROM sqlite_schema WHERE type = 'table' AND rootpage > 0",
    );
    return new Map(rows.map(({ name, rootpage }) => [name, rootpage]));
  }

  async #totalChanges(): Promise<number> {
    const [row] = await all<{ n: number }>(this.#connection, 'SELECT total_changes() AS n');
    return row?.n ?? 0;
  }
}

/** `watched` returns the tables of the current connection: a migration may end on a different connection. */
export async function observe(
  watched: () => WatchedTables,
  statements: () => number,
  inTransaction: () => boolean,
): Promise<SessionObservation> {
  const before = await watched().before();
  return {
    async effects(revision, seconds) {
      const after = await watched().after();
      if (!inTransaction()) watched().commit();
      const changed = before === after ? [] : rowChanges(before.rows, after.rows);
      return {
        revision,
        seconds,
        statements: statements(),
        // One writer at a time: the whole database is locked for the duration of the transaction.
        locks: [],
        rewrites: [...before.pages]
          .filter(([name, page]) => (after.pages.get(name) ?? page) !== page)
          .map(([name]) => `main.${name}`),
        // A search among all tables: only for those that changed.
        rows: changed.map((rows) => ({
          ...rows,
          ...(watched().hasDropped ? {} : renamed(rows.table, before, after)),
        })),
      };
    },
  };
}

/** A table that is renamed keeps its root page. */
function renamed(table: string, before: TableStates, after: TableStates): { was?: string } {
  const page = after.pages.get(table.replace(/^main\./, ''));
  const [was] = [...before.pages].find(([, known]) => known === page) ?? [];
  return page === undefined || was === undefined || `main.${was}` === table ? {} : { was: `main.${was}` };
}
