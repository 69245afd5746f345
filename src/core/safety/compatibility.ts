/**
 * Whether older code can run on a schema that newer migrations changed: nothing that it uses is dropped, renamed or
 * narrowed, and nothing new is required of it. Pure. Comments that ignore rules do not count here.
 */
import {
  type ReadMigration,
  type ReadStatement,
  type SchemaAction,
  type SchemaActionKind,
  type TableRef,
  tableKey,
} from './action.ts';

export interface Incompatibility {
  migration: string;
  /** Undefined if it is about code whose statements are not known. */
  statement?: string;
  /** The rest of a sentence: `drops the table orders`. */
  why: string;
}

/** Everything in these migrations, in the order of their application, that older code may not be able to run with. */
export function incompatibilities(migrations: readonly ReadMigration[]): Incompatibility[] {
  const own = ownObjects();
  return migrations.flatMap(({ revision: migration, statements, opaque }) => {
    const found = statements.flatMap((statement): Incompatibility[] =>
      judge(statement, own).map((why) => ({ migration, statement: statement.sql.trim(), why })),
    );
    const unknown = opaque ? [{ migration, why: 'is code, and not all of its statements are known' }] : [];
    return [...found, ...unknown];
  });
}

function judge(statement: ReadStatement, own: Own): string[] {
  const { actions, sql } = statement;
  if (actions === undefined) return ['cannot be read'];
  if (actions.length === 0) return HARMLESS.test(withoutComments(sql)) ? [] : ['cannot be judged'];
  return actions.flatMap((action) => {
    const why = (VERDICTS[action.kind] as (action: SchemaAction, own: Own) => string | undefined)(action, own);
    // What may have existed before is not their own.
    if (!/\bif\s+not\s+exists\b/i.test(sql)) own.add(action);
    return why ?? [];
  });
}

/** Statements that no reader of actions covers and that only add. Functions without OR REPLACE are new. */
const HARMLESS =
  /^(?:comment\s|create\s+(?:extension|type|sequence|schema|function|procedure|collation|statistics|aggregate|operator|cast|temp)\b|grant\s|analyze\b|reindex\b|set\s|reset\s|values\b|savepoint\s|release\s|attach\s|detach\s|explain\s|select\s+(?:[^(]*$|(?:pg_catalog\.)?(?:setval|set_config)\s*\())/i;

function withoutComments(sql: string): string {
  return sql.replace(/^(?:\s+|--[^\n]*\n?|\/\*[\s\S]*?\*\/)+/, '');
}

/** What the judged migrations themselves created: older code does not use it. */
interface Own {
  table(table: TableRef): boolean;
  column(table: TableRef, column: string): boolean;
  named(name: string): boolean;
  add(action: SchemaAction): void;
}

function ownObjects(): Own {
  const tables = new Set<string>();
  const columns = new Set<string>();
  const names = new Set<string>();
  const key = (table: TableRef, column: string) => `${tableKey(table)} ${column}`;
  return {
    table: (table) => tables.has(tableKey(table)),
    column: (table, column) => tables.has(tableKey(table)) || columns.has(key(table, column)),
    named: (name) => names.has(plain(name)),
    add(action) {
      if (action.kind === 'createTable') tables.add(tableKey(action.table));
      if (action.kind === 'createView') names.add(plain(action.view.name));
      if (action.kind === 'addColumn') columns.add(key(action.table, action.column.name));
      if (action.kind === 'createIndex' || action.kind === 'addConstraint' || action.kind === 'createTrigger')
        if (action.name !== undefined) names.add(plain(action.name));
      if (action.kind === 'renameTable' && tables.has(tableKey(action.table)))
        tables.add(tableKey({ ...action.table, name: action.to }));
    },
  };
}

function plain(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

type Verdict<Kind extends SchemaActionKind> = (
  action: Extract<SchemaAction, { kind: Kind }>,
  own: Own,
) => string | undefined;

const fine = () => undefined;
const unlessOwn =
  (why: (table: string) => string) =>
  ({ table }: { table: TableRef }, own: Own): string | undefined =>
    own.table(table) ? undefined : why(tableKey(table));

/** Total: a new kind of action does not compile without a verdict. */
const VERDICTS: { [Kind in SchemaActionKind]: Verdict<Kind> } = {
  createTable: fine,
  createView: fine,
  createDomain: fine,
  addEnumValue: fine,
  attachPartition: fine,
  dropNotNull: fine,
  validateConstraint: fine,
  insert: fine,
  update: fine,
  delete: fine,
  truncate: fine,
  reindex: fine,
  vacuumFull: fine,
  cluster: fine,
  setLogged: fine,
  setUnlogged: fine,
  setTablespace: fine,
  setAccessMethod: fine,
  refreshView: fine,
  lockTable: fine,
  transaction: fine,
  setTimeout: fine,
  setTimeZone: fine,
  enableTriggers: fine,
  outsideOnly: fine,
  feature: fine,
  longName: fine,
  pragma: ({ name }) => (name === 'writable_schema' ? 'edits the schema directly' : undefined),
  beyond: ({ what }) => `has effects beyond the database (${what})`,
  other: ({ command }) => `cannot be judged (${command})`,

  dropTable: unlessOwn((table) => `drops the table ${table}`),
  dropColumn: ({ table, column }, own) =>
    own.column(table, column) ? undefined : `drops the column ${tableKey(table)}.${column}`,
  dropConstraint: ({ table, name }, own) =>
    own.table(table) || own.named(name) ? undefined : `drops the constraint ${name} of ${tableKey(table)}`,
  dropIndex: ({ name }, own) => (own.named(name) ? undefined : `drops the index ${name}`),
  dropObject: ({ what, name }, own) => (own.named(name) ? undefined : `drops the ${what} ${name}`),
  dropSchema: ({ name }) => `drops the schema ${name}`,
  dropDatabase: ({ name }) => `drops the database ${name}`,
  detachPartition: ({ partition, table }) => `removes the partition ${tableKey(partition)} from ${tableKey(table)}`,
  disableTriggers: unlessOwn((table) => `disables triggers of ${table}`),
  setDefault: ({ table, column, dropped }, own) =>
    dropped !== true || own.column(table, column) ? undefined : `drops the default of ${tableKey(table)}.${column}`,

  renameTable: ({ table, to, view }, own) =>
    own.table(table) || (view && own.named(table.name)) ? undefined : `renames ${tableKey(table)} to ${to}`,
  renameColumn: ({ table, from, to }, own) =>
    own.column(table, from) ? undefined : `renames the column ${tableKey(table)}.${from} to ${to}`,
  renameEnumValue: ({ type, value }) => `renames the value ${value} of ${type}`,
  renameSchema: ({ name, to }) => `renames the schema ${name} to ${to}`,
  setSchema: unlessOwn((table) => `moves ${table} to another schema`),

  alterType: ({ table, column, to }, own) =>
    own.column(table, column) ? undefined : `changes the type of ${tableKey(table)}.${column} to ${to}`,
  addConstraint: ({ table, constraint, columns }, own) =>
    own.table(table) || (columns.length > 0 && columns.every((column) => own.column(table, column)))
      ? undefined
      : `adds a ${constraint} constraint to ${tableKey(table)}, which may refuse what older code writes`,
  addDomainConstraint: ({ name }) => `adds a constraint to the domain ${name}`,
  createIndex: ({ unique, table, columns }, own) =>
    !unique || own.table(table) || (columns.length > 0 && columns.every((column) => own.column(table, column)))
      ? undefined
      : `adds a unique index to ${tableKey(table)}, which may refuse what older code writes`,
  createTrigger: unlessOwn((table) => `adds a trigger to ${table}, which may change or refuse what older code writes`),

  setNotNull: ({ table, column }, own) =>
    own.column(table, column) ? undefined : `requires a value in ${tableKey(table)}.${column}`,
  addColumn: ({ table, column }, own) => {
    if (own.table(table)) return undefined;
    const name = `${tableKey(table)}.${column.name}`;
    if (column.primaryKey) return `adds the primary key ${name}`;
    const filled = column.default !== undefined || column.generated !== undefined || column.identity;
    return column.notNull && !filled ? `adds the required column ${name} without a default` : undefined;
  },
};
