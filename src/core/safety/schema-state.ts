import { DEFAULT_SCHEMA } from '../model/dialect.ts';
import type { Index, Snapshot, Table } from '../model/snapshot.ts';
import { bareName, type ConstraintSpec, type IndexSpec, type SchemaAction, type TableRef } from './action.ts';
import { isNotNull } from './actions/expression.ts';
import { knownTexts, wordsOf } from './dependent-texts.ts';
import { shortType } from './types.ts';

export interface KnownTable {
  name: string;
  /** Created in the current plan. */
  createdInPlan: boolean;
  /** Dropped at the end of its session. */
  temporary?: true;
  /** Column to type. */
  columns: Map<string, string>;
  /** Columns that are NOT NULL in the table itself. */
  notNull: Set<string>;
  partitioned: boolean;
  primaryKey: readonly string[];
  constraints: KnownConstraint[];
  indexes: KnownIndex[];
}

type KnownConstraint = Omit<ConstraintSpec, 'notValid' | 'usingIndex'> & { valid: boolean };
type KnownIndex = Pick<IndexSpec, 'name' | 'columns' | 'unique' | 'partial' | 'mentions' | 'expressions'>;

/**
 * The known state of the schema: the snapshot of the database, if there is one, and the effects of the statements so
 * far. Mutable, because a plan is visited once; owned by `check.ts`.
 */
export interface SchemaState {
  table(ref: TableRef): KnownTable | undefined;
  /** Every other table that has a foreign key to this one. */
  referencing(ref: TableRef): KnownTable[];
  tableOfIndex(name: string): KnownTable | undefined;
  /** Views and triggers whose text names both the table and the column: `view open_orders`. */
  dependentsOf(ref: TableRef, column: string): string[];
  /** Created in this plan; with a snapshot, a table that is in neither is created by the code of the plan. */
  isNew(ref: TableRef): boolean;
  apply(action: SchemaAction): void;
  /** Marks everything so far as existing before the plan. */
  settle(): void;
}

export function knownSchema(snapshot: Snapshot | undefined): SchemaState {
  const tables = new Map<string, KnownTable>();
  const plain = DEFAULT_SCHEMA[snapshot?.dialect ?? 'postgres'];
  const key = ({ schema, name }: TableRef) => (schema === undefined || schema === plain ? name : `${schema}.${name}`);
  const all = () => [...tables.values()];
  const seen = new Set([plain, ...(snapshot?.tables ?? []).map(({ schema }) => schema)]);
  const isNew = (ref: TableRef) =>
    tables.get(key(ref))?.createdInPlan ?? (snapshot !== undefined && seen.has(ref.schema ?? plain));
  for (const table of snapshot?.tables ?? []) tables.set(key(table), fromSnapshot(key(table), table));
  for (const view of snapshot?.views ?? []) if (view.materialized) tables.set(key(view), empty(key(view), false));
  const texts = knownTexts(snapshot);

  const tableFor = (ref: TableRef): KnownTable => {
    const table = tables.get(key(ref)) ?? empty(key(ref), isNew(ref));
    tables.set(table.name, table);
    return table;
  };
  /** Dropped, and in use before: a new table with such a name has inherited its rows and its readers. */
  const replaced = new Set<string>();
  const rename = (ref: TableRef, to: TableRef) => {
    const table = tableFor(ref);
    tables.delete(table.name);
    table.name = key(to);
    table.createdInPlan &&= !replaced.has(table.name);
    tables.set(table.name, table);
  };
  const apply = (action: SchemaAction) => {
    texts.apply(action);
    switch (action.kind) {
      case 'createTable': {
        // IF NOT EXISTS: an existing table is unchanged, with its rows and readers.
        if (tables.has(key(action.table))) return;
        const made = empty(key(action.table), true);
        for (const { name, type } of action.columns) made.columns.set(name, type);
        for (const { name, notNull } of action.columns) if (notNull) made.notNull.add(name);
        for (const constraint of action.constraints) constrain(made, constraint);
        made.partitioned = action.partitioned === true;
        if (action.temporary) made.temporary = true;
        tables.set(made.name, made);
        return;
      }
      case 'createView':
        // A table with rows has indexes too, and it is not read yet.
        if (action.materialized) tables.set(key(action.view), empty(key(action.view), true));
        return;
      case 'dropTable':
        if (!isNew(action.table)) replaced.add(key(action.table));
        tables.delete(key(action.table));
        return;
      case 'renameTable':
        return rename(action.table, { ...action.table, name: action.to });
      case 'setSchema':
        return rename(action.table, { schema: action.to, name: action.table.name });
      case 'dropIndex':
        for (const table of all()) table.indexes = table.indexes.filter(({ name }) => name !== bareName(action.name));
        return;
      default:
        if ('table' in action && action.table !== undefined) change(tableFor(action.table), action);
    }
  };
  return {
    table: (ref) => tables.get(key(ref)),
    referencing: (ref) =>
      all().filter(
        ({ name, constraints }) =>
          name !== key(ref) && constraints.some(({ references }) => references && key(references) === key(ref)),
      ),
    tableOfIndex: (name) => all().find(({ indexes }) => indexes.some((index) => index.name === bareName(name))),
    dependentsOf: ({ name }, column) => texts.dependentsOf(name, column),
    isNew,
    apply,
    settle: () => {
      for (const [name, table] of tables) {
        if (table.temporary) tables.delete(name);
        table.createdInPlan = false;
      }
    },
  };
}

/** The effect of an action inside one table. */
function change(table: KnownTable, action: SchemaAction): void {
  switch (action.kind) {
    case 'addColumn': {
      const { name, type, notNull, references, primaryKey, unique } = action.column;
      table.columns.set(name, type);
      if (notNull || primaryKey) table.notNull.add(name);
      const spec = { columns: [name], valid: true };
      if (references !== undefined) table.constraints.push({ ...spec, constraint: 'foreign key', references });
      if (unique) table.constraints.push({ ...spec, constraint: 'unique' });
      if (primaryKey) table.primaryKey = [name];
      return;
    }
    case 'dropColumn':
      table.columns.delete(action.column);
      table.notNull.delete(action.column);
      table.constraints = table.constraints.filter(({ columns }) => !columns.includes(action.column));
      table.indexes = table.indexes.filter(({ columns }) => !columns.includes(action.column));
      return;
    case 'alterType':
      table.columns.set(action.column, action.to);
      return;
    case 'setNotNull':
      table.notNull.add(action.column);
      return;
    case 'dropNotNull':
      table.notNull.delete(action.column);
      return;
    case 'addConstraint':
      constrain(table, action);
      return;
    case 'validateConstraint':
      for (const constraint of table.constraints) {
        if (constraint.name !== action.name) continue;
        constraint.valid = true;
        if (constraint.constraint === 'not null') for (const column of constraint.columns) table.notNull.add(column);
      }
      return;
    case 'dropConstraint':
      table.constraints = table.constraints.filter(({ name }) => name !== action.name);
      return;
    case 'createIndex':
      table.indexes.push(action);
      return;
    case 'renameColumn': {
      const type = table.columns.get(action.from);
      table.columns.delete(action.from);
      if (type !== undefined) table.columns.set(action.to, type);
      if (table.notNull.delete(action.from)) table.notNull.add(action.to);
      const renamed = (columns: readonly string[]) =>
        columns.map((column) => (column === action.from ? action.to : column));
      table.primaryKey = renamed(table.primaryKey);
      table.constraints = table.constraints.map((one) => ({ ...one, columns: renamed(one.columns) }));
      table.indexes = table.indexes.map((one) => ({ ...one, columns: renamed(one.columns) }));
    }
  }
}

function empty(name: string, createdInPlan: boolean): KnownTable {
  return {
    name,
    createdInPlan,
    columns: new Map(),
    notNull: new Set(),
    partitioned: false,
    primaryKey: [],
    constraints: [],
    indexes: [],
  };
}

function constrain(table: KnownTable, { notValid, ...constraint }: ConstraintSpec): void {
  table.constraints.push({ ...constraint, valid: !notValid });
  if (constraint.constraint === 'primary key') table.primaryKey = constraint.columns;
  const never = constraint.constraint === 'primary key' || (constraint.constraint === 'not null' && !notValid);
  if (never) for (const column of constraint.columns) table.notNull.add(column);
}

function fromSnapshot(name: string, table: Table): KnownTable {
  const { primaryKey, uniques, foreignKeys, checks } = table;
  const constraints: KnownConstraint[] = [
    ...(primaryKey === undefined ? [] : [{ ...primaryKey, constraint: 'primary key' as const, valid: true }]),
    ...uniques.map((unique) => ({ ...unique, constraint: 'unique' as const, valid: true })),
    ...foreignKeys.map(({ name, columns, references, validated }) => ({
      name,
      columns,
      constraint: 'foreign key' as const,
      references: { schema: references.schema, name: references.table },
      valid: validated,
    })),
    ...checks.map(({ name, expression, validated }) => ({
      name,
      constraint: 'check' as const,
      columns: shared(expression, table),
      notNullOf: isNotNull(expression),
      valid: validated,
    })),
  ];
  return {
    name,
    createdInPlan: false,
    columns: new Map(table.columns.map((column) => [column.name, shortType(column.type)])),
    notNull: new Set(table.columns.filter(({ nullable }) => !nullable).map((column) => column.name)),
    partitioned: table.partition?.by !== undefined,
    primaryKey: primaryKey?.columns ?? [],
    constraints,
    indexes: table.indexes.map(fromIndex),
  };
}

/** Columns of a check with several columns: on SQLite none of them can be dropped while the check exists. */
function shared(expression: string, { columns }: Table): string[] {
  const words = new Set(wordsOf(expression));
  const named = columns.map(({ name }) => name).filter((name) => words.has(name.toLowerCase()));
  return named.length > 1 ? named : [];
}

function fromIndex({ name, parts, unique, where }: Index): KnownIndex {
  const columns = parts.flatMap((part) => ('column' in part ? [part.column] : []));
  const texts = [...parts.map((part) => ('expression' in part ? part.expression : '')), where ?? ''];
  const expressions = parts.length > columns.length ? { expressions: true as const } : {};
  return { name, columns, unique, partial: where !== undefined, mentions: wordsOf(texts.join(' ')), ...expressions };
}
