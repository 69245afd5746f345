/**
 * Objects that the checked migrations themselves created. Older code does not use their tables, views and columns. But
 * the rows that it inserts into an existing table also get values in new columns.
 */
import { type ColumnSpec, type TableRef, tableKey } from './action.ts';

/** A new column of a table that existed before, in the state of the last statement that changed it. */
export interface NewColumn {
  notNull: boolean;
  /** The value in a row of older code: NULL, the same value as in other rows, or a unique one. */
  filled: 'null' | 'same' | 'distinct';
  generated: boolean;
  dropped: boolean;
  /** Counts the statements that made a value required. */
  required: number;
}

/** An index, a constraint or a trigger, which a later statement may drop again. */
interface NewObject {
  dropped: boolean;
}

type Kind = 'index' | 'constraint' | 'trigger' | 'view' | 'materialized view';

type ObjectPlace = [kind: Kind, place: TableRef, name?: string];

interface NewDomain {
  check: boolean;
  notNull: boolean;
}

export type NewObjects = ReturnType<typeof newObjects>;

export function newObjects() {
  const tables = new Map<string, { temporary: boolean }>();
  const columns = new Map<string, NewColumn>();
  const objects = new Map<string, NewObject>();
  const key = (...parts: (string | undefined)[]) => JSON.stringify(parts);
  const objectKey = (...[kind, place, name]: ObjectPlace) => key(kind, tableKey(place), name);
  const columnKey = (table: TableRef, name: string) => key(tableKey(table), name);
  const domains = new Map<string, NewDomain>();
  const column = (table: TableRef, name: string) => columns.get(columnKey(table, name));
  return {
    hasTable: (table: TableRef) => tables.has(tableKey(table)),
    addTable: (table: TableRef, temporary: boolean) => void tables.set(tableKey(table), { temporary }),
    removeTable: (table: TableRef) => void tables.delete(tableKey(table)),
    /** Of a table that existed before. */
    column,
    /** All of them; undefined if one is not new. */
    columns(table: TableRef, names: readonly string[]): NewColumn[] | undefined {
      const found = names.map((name) => column(table, name));
      return found.length > 0 && found.every((one) => one !== undefined) ? found : undefined;
    },
    addColumn: (table: TableRef, name: string, added: NewColumn) => void columns.set(columnKey(table, name), added),
    removeColumn: (table: TableRef, name: string) => void columns.delete(columnKey(table, name)),
    /** `place`: the table and a name in it, or only the object itself. */
    has: (...place: ObjectPlace) => objects.has(objectKey(...place)),
    add(...place: ObjectPlace): NewObject {
      const added = { dropped: false };
      objects.set(objectKey(...place), added);
      return added;
    },
    /** Whether it was there. */
    remove(...place: ObjectPlace): boolean {
      const found = objects.get(objectKey(...place));
      if (found !== undefined) found.dropped = true;
      return objects.delete(objectKey(...place));
    },
    rename(kind: Kind, from: [TableRef, string?], to: [TableRef, string?]): boolean {
      const found = objects.get(objectKey(kind, ...from));
      if (found === undefined) return false;
      objects.delete(objectKey(kind, ...from));
      objects.set(objectKey(kind, ...to), found);
      return true;
    },
    domains,
    /** Temporary tables end with the session of their migration. */
    forgetTemporary() {
      for (const [name, { temporary }] of tables) if (temporary) tables.delete(name);
    },
    /** After a change of the search path a name may mean another object. */
    forget() {
      for (const known of [tables, columns, objects, domains]) known.clear();
    },
  };
}

export function newColumn(spec: ColumnSpec, domain: NewDomain | undefined): NewColumn {
  const filled = spec.default !== undefined || spec.generated !== undefined || spec.identity;
  return {
    notNull: spec.notNull || domain?.notNull === true,
    filled: !filled ? 'null' : spec.identity || spec.distinct === true ? 'distinct' : 'same',
    generated: spec.generated !== undefined,
    dropped: false,
    required: 0,
  };
}

/** A row of older code may have no value there. A generated value may be NULL if its inputs are NULL. */
export function isRequired({ notNull, filled, generated, dropped }: NewColumn): boolean {
  return !dropped && notNull && (filled === 'null' || generated);
}

/** Two rows of older code have the same key of these columns. */
export function isRepeated(columns: readonly NewColumn[], nullsEqual: boolean): boolean {
  if (columns.some(({ dropped, filled }) => dropped || filled === 'distinct')) return false;
  return nullsEqual || columns.every(({ filled }) => filled !== 'null');
}
