/** What new columns, constraints and indexes require of the rows that older code writes. Pure. */
import { type ReadStatement, type SchemaActionOf, type TableRef, tableKey } from './action.ts';
import { isNotNull } from './actions/expression.ts';
import { isRepeated, isRequired, type NewColumn, type NewObjects, newColumn } from './new-objects.ts';

/** Why older code may not be able to run with it; `holds` checks again after the last statement. */
export interface Requirement {
  why: string;
  holds?: () => boolean;
}

export type Judgement = string | Requirement | undefined | (Requirement | string | undefined)[];

export interface Place {
  own: NewObjects;
  statement: ReadStatement;
  /** The created object did not exist before: the statement has no IF NOT EXISTS. */
  isNew: boolean;
}

const MAY_REFUSE = 'which may refuse what older code writes';

/** A finding if the column is required now. It holds as long as it is, unless a later statement made it required again. */
export function required(column: NewColumn, why: string): Requirement | undefined {
  if (!isRequired(column)) return undefined;
  column.required += 1;
  const now = column.required;
  return { why, holds: () => isRequired(column) && column.required === now };
}

export function addColumn({ table, column }: SchemaActionOf<'addColumn'>, { own, isNew, statement }: Place): Judgement {
  if (own.hasTable(table)) return undefined;
  const name = `${tableKey(table)}.${column.name}`;
  if (column.primaryKey) return `adds the primary key ${name}`;
  const domain = own.domains.get(column.type.replace(/^public\./, '').toLowerCase());
  const added = newColumn(column, domain);
  if (isNew) own.addColumn(table, column.name, added);
  const checked = column.check || domain?.check === true;
  // A check of nothing but other columns stays in PostgreSQL if the column is dropped.
  const goes = statement.actions?.length === 1 && (!column.check || isNamedInCheck(column.name, statement.sql));
  return [
    required(
      added,
      added.generated
        ? `adds the required column ${name}, which is computed from what older code writes`
        : `adds the required column ${name} without a default`,
    ),
    column.unique
      ? {
          why: `adds the unique column ${name}, but all rows of older code get the same value there`,
          holds: () => isRepeated([added], column.nullsEqual === true),
        }
      : undefined,
    checked
      ? { why: `adds the column ${name} with a check, ${MAY_REFUSE}`, holds: () => !(goes && added.dropped) }
      : undefined,
  ];
}

function isNamedInCheck(column: string, sql: string): boolean {
  const [, ...checks] = sql.split(/\bcheck\b/i);
  return checks.every((check) => check.split(/[^\p{L}\p{N}_$]+/u).includes(column));
}

export function addConstraint(action: SchemaActionOf<'addConstraint'>, { own, isNew }: Place): Judgement {
  const { table, constraint, name, columns, nullsEqual } = action;
  if (own.hasTable(table)) return undefined;
  const added = name !== undefined && isNew ? own.add('constraint', table, name) : { dropped: false };
  const known = own.columns(table, columns);
  const why = `adds a ${constraint} constraint to ${tableKey(table)}, ${MAY_REFUSE}`;
  if (constraint === 'primary key') return why;
  if (constraint === 'foreign key' && known !== undefined) return undefined;
  if (constraint === 'not null') return notNull(table, columns, known, why);
  if (constraint === 'unique' && known !== undefined) {
    return {
      why: `makes ${of(table, columns)} unique, but all rows of older code get the same value there`,
      holds: () => !added.dropped && isRepeated(known, nullsEqual === true),
    };
  }
  return { why, holds: () => !added.dropped };
}

function notNull(table: TableRef, columns: readonly string[], known: NewColumn[] | undefined, why: string): Judgement {
  const [column] = known ?? [];
  if (column === undefined) return why;
  column.notNull = true;
  return required(column, `requires a value in ${of(table, columns)}, which older code does not write`);
}

export function createIndex(action: SchemaActionOf<'createIndex'>, { own, isNew, statement }: Place): Judgement {
  const { table, name, columns, unique, nullsEqual } = action;
  const ref = name === undefined ? undefined : { ...table, name };
  const added = ref !== undefined && isNew ? own.add('index', ref) : { dropped: false };
  if (!unique || own.hasTable(table)) return undefined;
  const known = isOfNothingElse(action, statement.sql) ? own.columns(table, columns) : undefined;
  if (known === undefined) {
    return { why: `adds a unique index to ${tableKey(table)}, ${MAY_REFUSE}`, holds: () => !added.dropped };
  }
  return {
    why: `adds a unique index to ${of(table, columns)}, but all rows of older code get the same value there`,
    holds: () => !added.dropped && isRepeated(known, nullsEqual === true),
  };
}

/** Words in an index of columns alone; any other may be a function or another column. */
const PLAIN = new Set('asc desc collate nocase binary rtrim is not null'.split(' '));

/** An index whose key and condition depend on nothing but its plain columns. */
function isOfNothingElse(action: SchemaActionOf<'createIndex'>, sql: string): boolean {
  const { columns, expressions, partial, mentions = [] } = action;
  if (expressions === true) return false;
  const own = new Set(columns.map((column) => column.toLowerCase()));
  if (!mentions.every((word) => own.has(word) || PLAIN.has(word))) return false;
  if (!partial) return true;
  const at = sql.search(/\bwhere\b/i);
  let where = at < 0 ? '' : sql.slice(at + 'where'.length).trim();
  while (where.endsWith(';')) where = where.slice(0, -1).trimEnd();
  const column = isNotNull(where);
  return column !== undefined && own.has(column.toLowerCase());
}

function of(table: TableRef, columns: readonly string[]): string {
  return columns.map((column) => `${tableKey(table)}.${column}`).join(', ');
}
