import { all, type Connection } from './driver.ts';

/** The tables that statements may write to or drop, also by triggers and foreign keys, by their root pages. */
interface WrittenTables {
  /** Before each statement, also of code. */
  see(sql: string): void;
  /** For a single statement that was seen and runs next. */
  explain(connection: Connection, sql: string): Promise<void>;
  /** Undefined if a statement was not explained, so that it may have written to any table. */
  pages(): ReadonlySet<number> | undefined;
}

/** A longer statement is not compiled twice; in characters. */
const LONGEST = 20_000;

/** EXPLAIN lists the first of several statements only. */
const SEVERAL = /;\s*\S/;

/** What a virtual table writes to is not known. */
const UNKNOWN = /^(?:VUpdate|VCreate|VDestroy|VRename)$/;

/**
 * SQLite compiles each statement together with its triggers and the actions of foreign keys, and EXPLAIN lists all of it:
 * a table is opened by OpenWrite, emptied by Clear, or dropped by Destroy (https://sqlite.org/opcode.html).
 */
export function writtenTables(): WrittenTables {
  const pages = new Set<number>();
  let seen = 0;
  let explained = 0;
  return {
    see(sql) {
      // A pragma may change the number by which a change of the schema is noticed.
      seen += /\bpragma\b/i.test(sql) ? Number.POSITIVE_INFINITY : 1;
    },
    async explain(connection, sql) {
      // SQLite executes some pragmas when it compiles them.
      if (seen === Number.POSITIVE_INFINITY || sql.length > LONGEST || SEVERAL.test(sql)) return;
      const program = await all<Operation>(connection, `EXPLAIN ${sql}`).catch(() => undefined);
      if (program === undefined || program.some(({ opcode }) => UNKNOWN.test(opcode))) return;
      explained += 1;
      for (const { opcode, p1, p2, p3 } of program) {
        // The database is the main one, not that of temporary tables.
        if (opcode === 'OpenWrite' && p3 === 0) pages.add(p2);
        if ((opcode === 'Clear' && p2 === 0) || (opcode === 'Destroy' && p3 === 0)) pages.add(p1);
      }
    },
    pages: () => (seen === explained ? pages : undefined),
  };
}

interface Operation {
  opcode: string;
  p1: number;
  p2: number;
  p3: number;
}
