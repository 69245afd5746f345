import type { Action, ColumnSpec, ConstraintSpec, DefaultKind, TableRef } from '../action.ts';
import { shortType } from '../types.ts';
import { byComma, type Cursor, cursor, type Token } from './sqlite-tokens.ts';

/** A column as it is defined, with its own constraints. */
export interface ColumnRead {
  column: ColumnSpec;
  constraints: ConstraintSpec[];
}

const CLAUSES = new Set(
  'CONSTRAINT PRIMARY NOT NULL UNIQUE CHECK DEFAULT COLLATE REFERENCES GENERATED AS FOREIGN'.split(' '),
);
const OF_TABLE = new Set(['CONSTRAINT', 'PRIMARY', 'UNIQUE', 'CHECK', 'FOREIGN']);

/** The content of the parentheses of CREATE TABLE; undefined if that is not a list of columns. */
export function tableBody(
  tokens: readonly Token[],
): Pick<Extract<Action, { kind: 'createTable' }>, 'columns' | 'constraints'> | undefined {
  const columns: ColumnSpec[] = [];
  const constraints: ConstraintSpec[] = [];
  for (const piece of byComma(tokens)) {
    if (OF_TABLE.has(piece[0]?.key ?? '')) {
      constraints.push(...constraintsOf(piece));
      continue;
    }
    const read = columnOf(piece);
    if (read === undefined) return undefined;
    columns.push(read.column);
    constraints.push(...read.constraints);
  }
  return columns.length === 0 ? undefined : { columns, constraints };
}

/** `name [type] [constraint …]`. */
export function columnOf(tokens: readonly Token[]): ColumnRead | undefined {
  const at = cursor(tokens);
  const name = at.name();
  if (name === undefined) return undefined;
  const type: string[] = [];
  for (let token = at.peek(); token !== undefined && !CLAUSES.has(token.key); token = at.peek()) {
    const args = at.group();
    type.push(args === undefined ? ` ${at.next()?.text}` : `(${args.map(({ text }) => text).join('')})`);
  }
  const read: ColumnRead = {
    column: {
      name,
      type: shortType(type.join('').trim()),
      notNull: false,
      identity: false,
      primaryKey: false,
      unique: false,
      check: false,
    },
    constraints: [],
  };
  while (at.peek() !== undefined) if (!columnClause(at, read)) return undefined;
  return read;
}

/** Reads one constraint of a column; false if there is none. */
function columnClause(at: Cursor, { column, constraints }: ColumnRead): boolean {
  const named = at.take('CONSTRAINT') ? at.name() : undefined;
  const add = (spec: Pick<ConstraintSpec, 'constraint'> & Partial<ConstraintSpec>) =>
    constraints.push({ name: named, columns: [column.name], notValid: false, usingIndex: false, ...spec });
  if (at.take('NOT', 'NULL')) {
    column.notNull = true;
    conflict(at);
  } else if (at.take('NULL')) {
    conflict(at);
  } else if (at.take('PRIMARY', 'KEY')) {
    column.primaryKey = true;
    if (!at.take('ASC')) at.take('DESC');
    conflict(at);
    at.take('AUTOINCREMENT');
    add({ constraint: 'primary key' });
  } else if (at.take('UNIQUE')) {
    column.unique = true;
    conflict(at);
    add({ constraint: 'unique' });
  } else if (at.take('CHECK')) {
    column.check = true;
    // The check of a column is dropped with the column; other columns in that check cannot be dropped.
    add({ constraint: 'check', columns: namesIn(at.group() ?? []).filter((name) => !same(name, column.name)) });
    conflict(at);
  } else if (at.take('DEFAULT')) {
    column.default = defaultOf(at);
  } else if (at.take('COLLATE')) {
    at.name();
  } else if (at.peek()?.key === 'REFERENCES') {
    column.references = references(at);
    add({ constraint: 'foreign key', references: column.references });
  } else if (at.take('GENERATED', 'ALWAYS', 'AS') || at.take('AS')) {
    at.group();
    column.generated = at.take('STORED') ? 'stored' : 'virtual';
    at.take('VIRTUAL');
  } else {
    return named !== undefined;
  }
  return true;
}

/** `[CONSTRAINT n] PRIMARY KEY (…)` and similar, one or more without commas between them, as SQLite allows. */
export function constraintsOf(tokens: readonly Token[]): ConstraintSpec[] {
  const at = cursor(tokens);
  const found: ConstraintSpec[] = [];
  const plain = { notValid: false, usingIndex: false };
  while (at.peek() !== undefined) {
    const name = at.take('CONSTRAINT') ? at.name() : undefined;
    const constraint = at.take('PRIMARY', 'KEY') ? 'primary key' : at.take('UNIQUE') ? 'unique' : undefined;
    if (constraint !== undefined) {
      found.push({ constraint, name, columns: indexedColumns(at.group() ?? []), ...plain });
      conflict(at);
    } else if (at.take('CHECK')) {
      found.push({ constraint: 'check', name, columns: namesIn(at.group() ?? []), ...plain });
      conflict(at);
    } else if (at.take('FOREIGN', 'KEY')) {
      const columns = indexedColumns(at.group() ?? []);
      found.push({ constraint: 'foreign key', name, columns, references: references(at), ...plain });
    } else {
      at.next();
    }
  }
  return found;
}

/** Plain columns of an index or a key; expressions are omitted. */
export function indexedColumns(tokens: readonly Token[]): string[] {
  return byComma(tokens).flatMap(([first, second]) => {
    const plain = second === undefined || ['COLLATE', 'ASC', 'DESC', 'AUTOINCREMENT'].includes(second.key);
    return first !== undefined && plain && first.kind !== 'number' ? [first.text] : [];
  });
}

function conflict(at: Cursor): void {
  if (at.take('ON', 'CONFLICT')) at.next();
}

function references(at: Cursor): TableRef | undefined {
  at.take('REFERENCES');
  const table = at.name();
  at.group();
  for (;;) {
    if (at.take('ON')) {
      at.next();
      if (!at.take('SET', 'NULL') && !at.take('SET', 'DEFAULT') && !at.take('NO', 'ACTION')) at.next();
    } else if (at.take('MATCH')) at.next();
    else if (at.take('NOT', 'DEFERRABLE') || at.take('DEFERRABLE')) {
      if (at.take('INITIALLY')) at.next();
    } else return table === undefined ? undefined : { name: table };
  }
}

/**
 * ADD COLUMN accepts a default that is one literal; it refuses a computed default on a table with rows
 * (https://sqlite.org/lang_altertable.html, "ALTER TABLE ADD COLUMN"). NULL does not count as a default.
 */
function defaultOf(at: Cursor): DefaultKind | undefined {
  const value = at.group() ?? plainValue(at);
  const [only, ...more] = value.filter(({ key }) => key !== '+' && key !== '-');
  if (only?.key === 'NULL') return undefined;
  return more.length > 0 || /^CURRENT_(?:TIMESTAMP|DATE|TIME)$/.test(only?.key ?? '') ? 'volatile' : 'constant';
}

/** A literal without parentheses, as one token: `-1.5e-3` and `x'00'` are several to the lexer. */
function plainValue(at: Cursor): Token[] {
  if (!at.take('+')) at.take('-');
  at.take('.');
  const value = at.next();
  if (value?.kind === 'number' && /^\d[\d.]*e$/i.test(value.text)) {
    at.next();
    at.next();
  }
  if (value?.key === 'X' && at.peek()?.kind === 'string') at.next();
  return value === undefined ? [] : [value];
}

/** The names in an expression, without names of functions and SQL keywords. */
function namesIn(tokens: readonly Token[]): string[] {
  const names = tokens.flatMap(({ kind, text, key }, index) => {
    if (kind !== 'name' && kind !== 'word') return [];
    if (tokens[index + 1]?.key === '(' || EXPRESSION_WORDS.has(key)) return [];
    return [text];
  });
  return [...new Set(names)];
}

const EXPRESSION_WORDS = new Set(
  `AND OR NOT IN IS NULL BETWEEN LIKE GLOB REGEXP MATCH ESCAPE CASE WHEN THEN ELSE END CAST AS COLLATE NOTNULL ISNULL
  TRUE FALSE DISTINCT FROM`.split(/\s+/),
);

/** Names in SQLite are not case-sensitive. */
function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
