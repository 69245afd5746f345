import { createHash } from 'node:crypto';
import type { OwnTables } from '../../core/model/history.ts';
import type { EffectWatch, ObservedEffects } from '../port.ts';
import { rowChanges } from '../row-changes.ts';
import { all, type Connection, eachRow, quoteIdentifier } from './driver.ts';
import { observeAccess } from './file-access.ts';
import { countRows } from './size.ts';

interface State {
  /** By table: the page where it begins, and a hash of its rows. */
  tables: Map<string, { page: number; content: string }>;
  rows: ReadonlyMap<string, number>;
}

/** Other processes write to a file without a trace, so it is read before and after. One writer at a time has no locks. */
export async function watch(connection: Connection, path: string, own: OwnTables): Promise<EffectWatch> {
  const before = await stateOf(connection, own);
  const access = await observeAccess(path);
  return {
    look: async () => {},
    async stop(): Promise<ObservedEffects> {
      const file = await access.ended();
      const after = await stateOf(connection, own);
      const names = [...new Set([...before.tables.keys(), ...after.tables.keys()])].sort();
      const of = (name: string) => [before.tables.get(name), after.tables.get(name)] as const;
      return {
        ...(file === undefined ? {} : { file }),
        locks: [],
        changed: names.filter((name) => of(name)[0]?.content !== of(name)[1]?.content),
        rewrites: names.filter((name) => {
          const [then, now] = of(name);
          return then !== undefined && now !== undefined && then.page !== now.page;
        }),
        rows: rowChanges(before.rows, after.rows),
      };
    },
  };
}

async function stateOf(connection: Connection, own: OwnTables): Promise<State> {
  const found = await all<{ name: string; rootpage: number }>(
    connection,
    "SELECT name, rootpage FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 AND name <> 'sqlite_sequence'",
  );
  const tables: State['tables'] = new Map();
  for (const { name, rootpage } of found) {
    const content = await contentOf(connection, name);
    tables.set(`main.${name}`, { page: rootpage, content });
  }
  return { tables, rows: await countRows(connection, own) };
}

/** Row by row, so that memory does not grow with the table. */
async function contentOf(connection: Connection, table: string): Promise<string> {
  const hash = createHash('sha256');
  await eachRow(connection, `SELECT * FROM ${quoteIdentifier(table)}`, (row) => {
    hash.update(JSON.stringify(Object.values(row)));
  });
  return hash.digest('hex');
}
