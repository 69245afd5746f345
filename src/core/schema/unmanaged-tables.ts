import { FOREIGN_HISTORIES } from '../model/history-setting.ts';
import type { Snapshot, Table } from '../model/snapshot.ts';
import { keyOf } from './names.ts';

/**
 * Tables that are there and may be, though nothing expects them: histories of other migration tools, and children of
 * tables that are known. A child is a partition, a partition of a partition, or a table that inherits; programs make
 * and drop them at run time (pg_partman, a monthly job), so their number says nothing about the schema. Only where two
 * states of one database are compared (`withChildren` false), nothing but the migration can have made them.
 */
export function unmanagedTables(expected: Snapshot, found: Snapshot, withChildren: boolean): Table[] {
  const wanted = new Set(expected.tables.map(keyOf));
  const children = withChildren ? childrenOf(found, wanted) : new Set();
  return found.tables.filter((table) => {
    const key = keyOf(table);
    return !wanted.has(key) && (FOREIGN_HISTORIES.has(table.name) || children.has(key));
  });
}

/** Children that are expected and not there, because a program dropped or detached them; their parent is there. */
export function childrenGone(expected: Snapshot, found: Snapshot): Set<string> {
  const there = new Set(found.tables.map(keyOf));
  return new Set([...childrenOf(expected, there)].filter((key) => !there.has(key)));
}

/** The tables that come, over any number of steps, from one of the parents. */
function childrenOf({ tables }: Snapshot, parents: ReadonlySet<string>): Set<string> {
  const byKey = new Map(tables.map((table) => [keyOf(table), table]));
  const children = new Set<string>();
  const comes = (table: Table, seen: readonly string[]): boolean =>
    parentsOf(table).some((parent) => {
      if (parents.has(parent)) return true;
      const next = byKey.get(parent);
      return next !== undefined && !seen.includes(parent) && comes(next, [...seen, parent]);
    });
  for (const [key, table] of byKey) if (comes(table, [key])) children.add(key);
  return children;
}

/** A parent in another schema is said with it; a name may also have a dot of its own, so both readings are given. */
function parentsOf({ schema, partition, inherits = [] }: Table): string[] {
  const names = partition?.of === undefined ? inherits : [partition.of, ...inherits];
  return names.flatMap((name) => [keyOf({ schema, name }), ...(name.includes('.') ? [name] : [])]);
}
