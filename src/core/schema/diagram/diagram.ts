/** A schema, or the difference between two, as boxes and lines. Pure; `mermaid` and `svg` draw it. */
import type { Column, Snapshot, Table } from '../../model/snapshot.ts';
import { compareSnapshots } from '../compare.ts';
import { keyOf, shortName } from '../names.ts';

/** Of two schemas: only in the second, only in the first, or different. */
export type Mark = 'same' | 'added' | 'removed' | 'changed';

export interface Box {
  name: string;
  mark: Mark;
  columns: { name: string; type: string; keys: ('PK' | 'FK' | 'UK')[]; nullable: boolean; mark: Mark }[];
}

/** A foreign key: from its table to the referenced table. */
export interface Line {
  from: string;
  to: string;
  columns: string[];
  /** Whether it may be NULL, and whether at most one row references each parent. */
  optional: boolean;
  single: boolean;
  mark: Mark;
}

export interface Diagram {
  boxes: Box[];
  lines: Line[];
}

export function diagramOf(schema: Snapshot): Diagram {
  return drawn(schema.tables, () => 'same');
}

/** All objects of both schemas; removed ones are included and marked. */
export function diagramOfChange(before: Snapshot, after: Snapshot): Diagram {
  const old = new Map(before.tables.map((table) => [keyOf(table), table]));
  const now = new Map(after.tables.map((table) => [keyOf(table), table]));
  const differences = compareSnapshots(after, before);
  const touched = new Set(differences.map(({ table }) => table));
  const changed = new Set(
    differences
      .filter(({ kind, object }) => kind === 'changed' && object === 'column')
      .map(({ table, name = '' }) => `${table}\0${name}`),
  );
  const merged = after.tables.map((table) => ({ ...table, ...withGone(table, old.get(keyOf(table))) }));
  const gone = before.tables.filter((table) => !now.has(keyOf(table)));
  const marks = (table: Table, part?: { kind: 'column' | 'key'; name: string }): Mark => {
    const key = keyOf(table);
    const first = old.get(key);
    if (first === undefined) return 'added';
    const second = now.get(key);
    if (second === undefined) return 'removed';
    if (part === undefined) return touched.has(key) ? 'changed' : 'same';
    const has = (one: Table | undefined) =>
      part.kind === 'column'
        ? one?.columns.some(({ name }) => name === part.name)
        : one?.foreignKeys.some((foreignKey) => textOf(foreignKey) === part.name);
    if (has(first) !== true) return 'added';
    if (has(second) !== true) return 'removed';
    return changed.has(`${key}\0${part.name}`) ? 'changed' : 'same';
  };
  return drawn([...merged, ...gone], marks);
}

type Marks = (table: Table, part?: { kind: 'column' | 'key'; name: string }) => Mark;

function drawn(tables: readonly Table[], marks: Marks): Diagram {
  const boxes = tables.map((table) => ({
    name: shortName(keyOf(table)),
    mark: marks(table),
    columns: table.columns.map((column) => ({
      name: column.name,
      type: column.type,
      keys: keysOf(table, column),
      nullable: column.nullable && !table.primaryKey?.columns.includes(column.name),
      mark: marks(table, { kind: 'column', name: column.name }),
    })),
  }));
  const lines = tables.flatMap((table) =>
    table.foreignKeys.map((foreignKey) => ({
      from: shortName(keyOf(table)),
      to: shortName(`${foreignKey.references.schema}.${foreignKey.references.table}`),
      columns: foreignKey.columns,
      optional: table.columns.some(({ name, nullable }) => nullable && foreignKey.columns.includes(name)),
      single: isUnique(table, foreignKey.columns),
      mark: marks(table, { kind: 'key', name: textOf(foreignKey) }),
    })),
  );
  return { boxes, lines };
}

/** The removed columns and foreign keys of a table, after the existing ones. */
function withGone(table: Table, before: Table | undefined): Pick<Table, 'columns' | 'foreignKeys'> {
  const names = new Set(table.columns.map(({ name }) => name));
  const keys = new Set(table.foreignKeys.map(textOf));
  return {
    columns: [...table.columns, ...(before?.columns ?? []).filter(({ name }) => !names.has(name))],
    foreignKeys: [...table.foreignKeys, ...(before?.foreignKeys ?? []).filter((one) => !keys.has(textOf(one)))],
  };
}

function textOf({ columns, references }: Table['foreignKeys'][number]): string {
  return `${columns.join()} ${references.schema}.${references.table} ${references.columns.join()}`;
}

function keysOf(table: Table, { name }: Column): Box['columns'][number]['keys'] {
  return [
    ...(table.primaryKey?.columns.includes(name) ? (['PK'] as const) : []),
    ...(table.foreignKeys.some(({ columns }) => columns.includes(name)) ? (['FK'] as const) : []),
    ...(isUnique(table, [name]) && !table.primaryKey?.columns.includes(name) ? (['UK'] as const) : []),
  ];
}

function isUnique(table: Table, columns: readonly string[]): boolean {
  const same = (other: readonly string[]) => [...other].sort().join() === [...columns].sort().join();
  return (
    (table.primaryKey !== undefined && same(table.primaryKey.columns)) ||
    table.uniques.some((unique) => same(unique.columns)) ||
    table.indexes.some(
      ({ unique, where, parts }) =>
        unique && where === undefined && same(parts.map((part) => ('column' in part ? part.column : ''))),
    )
  );
}
