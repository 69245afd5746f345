import type { Observation } from '../session.ts';
import { all, type Connection } from './driver.ts';
import { countRows } from './size.ts';

/** Tables with their root page: a table whose page changed was written anew. */
async function rootPages(connection: Connection): Promise<Map<string, number>> {
  const rows = await all<{ name: string; rootpage: number }>(
    connection,
    "SELECT name, rootpage FROM sqlite_schema WHERE type = 'table' AND rootpage > 0",
  );
  return new Map(rows.map(({ name, rootpage }) => [name, rootpage]));
}

export async function observe(connection: Connection, statements: () => number): Promise<Observation> {
  const rowsBefore = await countRows(connection);
  const pagesBefore = await rootPages(connection);
  return {
    async effects(revision, seconds) {
      const rowsAfter = await countRows(connection);
      const pagesAfter = await rootPages(connection);
      const tables = [...new Set([...rowsBefore.keys(), ...rowsAfter.keys()])].sort();
      return {
        revision,
        seconds,
        statements: statements(),
        // One writer at a time: the whole database is locked for the length of the transaction.
        locks: [],
        rewrites: [...pagesBefore]
          .filter(([name, page]) => (pagesAfter.get(name) ?? page) !== page)
          .map(([name]) => `main.${name}`),
        rows: tables
          .map((table) => ({ table, before: rowsBefore.get(table) ?? null, after: rowsAfter.get(table) ?? null }))
          .filter(({ before, after }) => before !== after),
      };
    },
  };
}
