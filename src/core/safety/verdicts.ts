/** What each action means for older code, which was written before the judged migrations. Pure. */
import { type SchemaActionKind, type SchemaActionOf, type TableRef, tableKey } from './action.ts';
import type { NewObjects } from './new-objects.ts';
import { addColumn, addConstraint, createIndex, type Judgement, type Place, required } from './new-requirements.ts';

type Verdict<Kind extends SchemaActionKind> = (action: SchemaActionOf<Kind>, place: Place) => Judgement;

const fine = () => undefined;
const unlessOwn =
  (why: (table: string) => string) =>
  ({ table }: { table: TableRef }, { own }: Place): string | undefined =>
    own.hasTable(table) ? undefined : why(tableKey(table));

/** They change how rows are stored or planned, not what can be written. */
const HARMLESS_COMMANDS = new Set([
  'SET STATISTICS',
  'SET of a column',
  'RESET of a column',
  'SET STORAGE',
  'SET COMPRESSION',
  'SET of storage parameters',
  'RESET of storage parameters',
  'CLUSTER ON',
  'SET WITHOUT CLUSTER',
  'SET WITHOUT OIDS',
]);

const TRIGGERS = 'which may change or refuse what older code writes';
const COMMANDS: Record<string, string> = {
  'ENABLE ALWAYS TRIGGER': `enables a trigger (ENABLE ALWAYS TRIGGER), ${TRIGGERS}`,
  'ENABLE REPLICA TRIGGER': `changes when a trigger is fired (ENABLE REPLICA TRIGGER), ${TRIGGERS}`,
  'ENABLE RULE': `enables a rule (ENABLE RULE), ${TRIGGERS}`,
  'ENABLE ALWAYS RULE': `enables a rule (ENABLE ALWAYS RULE), ${TRIGGERS}`,
  'ENABLE REPLICA RULE': `changes when a rule is applied (ENABLE REPLICA RULE), ${TRIGGERS}`,
  'DISABLE RULE': 'disables a rule (DISABLE RULE), which older code may need',
};

/** `s.i` of a statement that drops it. */
function refOf(name: string): TableRef {
  const dot = name.lastIndexOf('.');
  return dot < 0 ? { name } : { schema: name.slice(0, dot), name: name.slice(dot + 1) };
}

function isOwnObject(what: string, name: string, own: NewObjects): boolean {
  const ref = refOf(name);
  if (what === 'view' || what === 'materialized view') return own.remove(what, ref);
  if (what !== 'trigger') return false;
  // PostgreSQL names the table of a trigger, SQLite does not.
  if (ref.schema === undefined) return own.remove('trigger', ref);
  const table = refOf(ref.schema);
  return own.hasTable(table) || own.remove('trigger', table, ref.name);
}

/** Of a domain, as the type of a column names it. */
function domainKey(name: string): string {
  return name.replace(/^public\./, '').toLowerCase();
}

/** Total: a new kind of action does not compile without a verdict. */
export const VERDICTS: { [Kind in SchemaActionKind]: Verdict<Kind> } = {
  addEnumValue: fine,
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
  read: fine,
  outsideOnly: fine,
  feature: fine,
  longName: fine,
  pragma: ({ name }) => (name === 'writable_schema' ? 'edits the schema directly' : undefined),
  beyond: ({ what }) => `has effects outside the database (${what})`,
  other: ({ command, on }, { own }) =>
    HARMLESS_COMMANDS.has(command) || (on !== undefined && own.hasTable(on))
      ? undefined
      : (COMMANDS[command] ?? `cannot be judged (${command})`),
  revoke: ({ on }, { own }) =>
    on !== undefined && own.hasTable(on)
      ? undefined
      : `revokes privileges${on === undefined ? '' : ` on ${tableKey(on)}`}, which older code may need`,

  createTable: ({ table, partitionOf, constraints, columns, temporary }, { own, isNew }) => {
    // Rows of older code go into a partition of a table that existed before.
    if (partitionOf === undefined || own.hasTable(partitionOf)) {
      if (isNew) own.addTable(table, temporary);
      return undefined;
    }
    return constraints.length > 0 || columns.some(({ notNull }) => notNull)
      ? `adds a partition with constraints to ${tableKey(partitionOf)}, which may refuse what older code writes`
      : undefined;
  },
  attachPartition({ table, partition }, { own }) {
    if (!own.hasTable(table)) own.removeTable(partition);
    return undefined;
  },
  createView({ view, materialized, replace }, { own, isNew }) {
    const kind = materialized ? 'materialized view' : 'view';
    if (replace !== true && isNew) own.add(kind, view);
    return replace === true && !own.has(kind, view)
      ? `replaces the view ${tableKey(view)}, which older code may use`
      : undefined;
  },
  createDomain({ name, check, notNull }, { own }) {
    own.domains.set(domainKey(name), { check, notNull: notNull === true });
    return undefined;
  },

  dropTable({ table }, { own }) {
    if (!own.hasTable(table)) return `drops the table ${tableKey(table)}`;
    own.removeTable(table);
    return undefined;
  },
  dropColumn({ table, column }, { own }) {
    if (own.hasTable(table)) return undefined;
    const known = own.column(table, column);
    if (known === undefined) return `drops the column ${tableKey(table)}.${column}`;
    known.dropped = true;
    own.removeColumn(table, column);
    return undefined;
  },
  dropConstraint: ({ table, name }, { own }) =>
    own.hasTable(table) || own.remove('constraint', table, name)
      ? undefined
      : `drops the constraint ${name} of ${tableKey(table)}`,
  renameConstraint: ({ on, from, to }, { own }) =>
    own.hasTable(on) || own.rename('constraint', [on, from], [on, to])
      ? undefined
      : `renames the constraint ${from} of ${tableKey(on)}, which ON CONFLICT ON CONSTRAINT in older code may name`,
  dropIndex: ({ name }, { own }) => (own.remove('index', refOf(name)) ? undefined : `drops the index ${name}`),
  dropObject: ({ what, name }, { own }) => (isOwnObject(what, name, own) ? undefined : `drops the ${what} ${name}`),
  dropSchema: ({ name }) => `drops the schema ${name}`,
  dropDatabase: ({ name }) => `drops the database ${name}`,
  detachPartition: ({ partition, table }) => `removes the partition ${tableKey(partition)} from ${tableKey(table)}`,
  disableTriggers: unlessOwn((table) => `disables triggers of ${table}`),
  enableTriggers: unlessOwn(
    (table) => `enables triggers of ${table}, which may change or refuse what older code writes`,
  ),

  renameTable({ table, to, view }, { own }) {
    const renamed = { ...table, name: to };
    if (own.hasTable(table)) {
      own.removeTable(table);
      own.addTable(renamed, false);
      return undefined;
    }
    const isOwn =
      view && (own.rename('view', [table], [renamed]) || own.rename('materialized view', [table], [renamed]));
    return isOwn ? undefined : `renames ${tableKey(table)} to ${to}`;
  },
  renameColumn({ table, from, to }, { own }) {
    if (own.hasTable(table)) return undefined;
    const known = own.column(table, from);
    if (known === undefined) return `renames the column ${tableKey(table)}.${from} to ${to}`;
    own.removeColumn(table, from);
    own.addColumn(table, to, known);
    return undefined;
  },
  renameEnumValue: ({ type, value }) => `renames the value ${value} of ${type}`,
  renameSchema: ({ name, to }) => `renames the schema ${name} to ${to}`,
  setSchema({ table, to }, { own }) {
    if (!own.hasTable(table)) return `moves ${tableKey(table)} to another schema`;
    own.removeTable(table);
    own.addTable({ schema: to, name: table.name }, false);
    return undefined;
  },

  alterType: ({ table, column, to }, { own }) =>
    own.hasTable(table) || own.column(table, column) !== undefined
      ? undefined
      : `changes the type of ${tableKey(table)}.${column} to ${to}`,
  addDomainConstraint: ({ name }) => `adds a constraint to the domain ${name}`,

  addConstraint: addConstraint,
  createIndex: createIndex,
  addColumn: addColumn,
  createTrigger({ table, name, replace }, { own, isNew }) {
    const added = replace !== true && isNew ? own.add('trigger', table, name) : undefined;
    // SQLite drops a trigger by its name alone.
    const alone = replace !== true && isNew ? own.add('trigger', { name }) : undefined;
    if (own.hasTable(table)) return undefined;
    const why = `adds a trigger to ${tableKey(table)}, which may change or refuse what older code writes`;
    return { why, holds: () => added?.dropped !== true && alone?.dropped !== true };
  },

  setNotNull({ table, column }, { own }) {
    if (own.hasTable(table)) return undefined;
    const known = own.column(table, column);
    if (known === undefined) return `requires a value in ${tableKey(table)}.${column}`;
    known.notNull = true;
    return required(known, `requires a value in ${tableKey(table)}.${column}, which older code does not write`);
  },
  dropNotNull({ table, column }, { own }) {
    const known = own.column(table, column);
    if (known !== undefined) known.notNull = false;
    return undefined;
  },
  setDefault({ table, column, dropped, distinct }, { own }) {
    if (own.hasTable(table)) return undefined;
    const known = own.column(table, column);
    if (known === undefined) return dropped === true ? `drops the default of ${tableKey(table)}.${column}` : undefined;
    known.filled = dropped === true ? 'null' : distinct === true ? 'distinct' : 'same';
    return required(known, `drops the default of ${tableKey(table)}.${column}, which is required`);
  },
};
