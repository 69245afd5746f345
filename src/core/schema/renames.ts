import type { Column, Index, Snapshot, Table } from '../model/snapshot.ts';
import { columnFacts } from './columns.ts';
import { renamed } from './mentions.ts';
import { keyOf, shortName } from './names.ts';
import { spellingOf } from './normalizer.ts';
import { type Operation, placeOf } from './operations.ts';

/** A rename that a person has confirmed, instead of a drop and an addition. Tables as `orders` or `schema.orders`. */
export type Rename =
  | { kind: 'table'; from: string; to: string }
  | { kind: 'column'; table: string; from: string; to: string };

/**
 * Possible renames: in one table a removed and an added column with the same type and constraints, or a
 * removed and an added table with the same columns. Only a person can decide; without an answer nothing is renamed.
 */
export function renameCandidates(expected: Snapshot, found: Snapshot): Rename[] {
  const normalizer = spellingOf(expected);
  const facts = (column: Column) => {
    const { comment: _comment, ...rest } = columnFacts(normalizer, column);
    return JSON.stringify(rest);
  };
  const shape = ({ columns }: Table) =>
    columns
      .map((column) => `${column.name} ${normalizer.type(column.type)}`)
      .sort()
      .join();
  const before = new Map(found.tables.map((table) => [keyOf(table), table]));
  const after = new Map(expected.tables.map((table) => [keyOf(table), table]));
  const goneTables = found.tables.filter((table) => !after.has(keyOf(table)));
  const newTables = expected.tables.filter((table) => !before.has(keyOf(table)));
  const tables = pairs(goneTables, newTables, shape).map(
    ([from, to]): Rename => ({ kind: 'table', from: shortName(keyOf(from)), to: shortName(keyOf(to)) }),
  );
  const columns = expected.tables.flatMap((table): Rename[] => {
    const other = before.get(keyOf(table));
    if (other === undefined) return [];
    const there = new Set(other.columns.map(({ name }) => name));
    const wanted = new Set(table.columns.map(({ name }) => name));
    const gone = other.columns.filter(({ name }) => !wanted.has(name));
    const come = table.columns.filter(({ name }) => !there.has(name));
    return pairs(gone, come, facts).map(
      ([from, to]): Rename => ({ kind: 'column', table: shortName(keyOf(table)), from: from.name, to: to.name }),
    );
  });
  return [...tables, ...columns];
}

function pairs<T>(gone: readonly T[], come: readonly T[], text: (one: T) => string): [T, T][] {
  const free = Map.groupBy(come, text);
  return gone.flatMap((one): [T, T][] => {
    const match = free.get(text(one))?.shift();
    return match === undefined ? [] : [[one, match]];
  });
}

/** The snapshot after these renames, and their steps. */
export function applyRenames(found: Snapshot, renames: readonly Rename[]): { snapshot: Snapshot; steps: Operation[] } {
  let snapshot = found;
  const steps: Operation[] = [];
  for (const rename of renames) {
    const name = rename.kind === 'table' ? rename.from : rename.table;
    const table = snapshot.tables.find((one) => shortName(keyOf(one)) === name);
    if (table === undefined) continue;
    if (rename.kind === 'table') {
      const to = { schema: table.schema, name: rename.to.split('.').at(-1) ?? rename.to };
      steps.push({ kind: 'renameTable', from: placeOf(table), to });
      snapshot = withTableRenamed(snapshot, table, to.name);
    } else {
      steps.push({ kind: 'renameColumn', table: placeOf(table), from: rename.from, to: rename.to });
      snapshot = withColumnRenamed(snapshot, table, rename.from, rename.to);
    }
  }
  return { snapshot, steps };
}

/** The down steps, in reverse order. */
export function reversed(renames: readonly Rename[]): Rename[] {
  return renames.toReversed().map((rename) => ({ ...rename, from: rename.to, to: rename.from }));
}

function withTableRenamed(snapshot: Snapshot, table: Table, to: string): Snapshot {
  const points = ({ references }: Table['foreignKeys'][number]) =>
    references.table === table.name && references.schema === table.schema;
  const tables = snapshot.tables.map((one) => ({
    ...one,
    name: one === table ? to : one.name,
    foreignKeys: one.foreignKeys.map((key) =>
      points(key) ? { ...key, references: { ...key.references, table: to } } : key,
    ),
    triggers: one.triggers.map(({ name, definition }) => ({ name, definition: inText(definition, table.name, to) })),
  }));
  const views = snapshot.views.map((view) => ({ ...view, definition: inText(view.definition, table.name, to) }));
  return { ...snapshot, tables, views };
}

function withColumnRenamed(snapshot: Snapshot, table: Table, from: string, to: string): Snapshot {
  const name = (column: string) => (column === from ? to : column);
  const list = (columns: readonly string[]) => columns.map(name);
  const text = (sql: string) => inText(sql, from, to);
  const index = (one: Index): Index => ({
    ...one,
    parts: one.parts.map((part) =>
      'column' in part ? { ...part, column: name(part.column) } : { ...part, expression: text(part.expression) },
    ),
    include: list(one.include),
    ...(one.where === undefined ? {} : { where: text(one.where) }),
  });
  const tables = snapshot.tables.map((one): Table => {
    const foreignKeys = one.foreignKeys.map((key) => ({
      ...key,
      columns: one === table ? list(key.columns) : key.columns,
      references:
        key.references.table === table.name && key.references.schema === table.schema
          ? { ...key.references, columns: list(key.references.columns) }
          : key.references,
    }));
    if (one !== table) return { ...one, foreignKeys };
    return {
      ...one,
      foreignKeys,
      columns: one.columns.map((column) => ({
        ...column,
        name: name(column.name),
        ...(column.generated && { generated: { ...column.generated, expression: text(column.generated.expression) } }),
      })),
      ...(one.primaryKey && { primaryKey: { ...one.primaryKey, columns: list(one.primaryKey.columns) } }),
      uniques: one.uniques.map((unique) => ({ ...unique, columns: list(unique.columns) })),
      checks: one.checks.map((check) => ({ ...check, expression: text(check.expression) })),
      exclusions: one.exclusions.map((exclusion) => ({ ...exclusion, definition: text(exclusion.definition) })),
      indexes: one.indexes.map(index),
      triggers: one.triggers.map((trigger) => ({ ...trigger, definition: text(trigger.definition) })),
    };
  });
  return { ...snapshot, tables };
}

function inText(sql: string, from: string, to: string): string {
  return renamed(sql, from, to, (name) => (/^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name}"`));
}
