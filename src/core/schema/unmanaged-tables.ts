import { FOREIGN_HISTORIES } from '../model/history-setting.ts';
import type { Snapshot, Table } from '../model/snapshot.ts';
import { keyOf } from './names.ts';

/**
 * Existing tables that are allowed although they are not expected: histories of other migration tools, and children of
 * known tables. A child is a partition, a partition of a partition, or a table that inherits; programs create
 * and drop them at run time (pg_partman, a monthly job), so they are not differences. But if two
 * states of one database are compared (`withChildren` false), only the migration can have created them.
 */
export function unmanagedTables(expected: Snapshot, found: Snapshot, withChildren: boolean): Table[] {
  const wanted = new Set(expected.tables.map(keyOf));
  const children = withChildren ? childrenOf(found, wanted) : new Set();
  return found.tables.filter((table) => {
    const key = keyOf(table);
    return !wanted.has(key) && (FOREIGN_HISTORIES.has(table.name) || children.has(key));
  });
}

/** Expected children that a program has dropped or detached; their parent exists. */
export function childrenGone(expected: Snapshot, found: Snapshot): Set<string> {
  const there = new Set(found.tables.map(keyOf));
  return new Set([...childrenOf(expected, there)].filter((key) => !there.has(key)));
}

/** The direct and indirect children of the parents. */
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

/** A parent in another schema is qualified; a name may also contain a dot, so both readings are returned. */
function parentsOf({ schema, partition, inherits = [] }: Table): string[] {
  const names = partition?.of === undefined ? inherits : [partition.of, ...inherits];
  return names.flatMap((name) => [keyOf({ schema, name }), ...(name.includes('.') ? [name] : [])]);
}
