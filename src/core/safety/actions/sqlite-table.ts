import { byComma, type SqlToken, significantTokens } from '../../../sql/significant.ts';
import { type Clause, type ParsedColumn, parseTable } from '../../../sql/sqlite/create-table.ts';
import type { ColumnSpec, ConstraintSpec, DefaultKind, SchemaActionOf } from '../action.ts';
import { shortType } from '../types.ts';

/** A column as it is defined, with its own constraints. */
interface ColumnRead {
  column: ColumnSpec;
  constraints: ConstraintSpec[];
}

/** Columns, constraints and options of a CREATE TABLE; undefined if it has no valid list of columns. */
export function tableOf(
  sql: string,
): (Pick<SchemaActionOf<'createTable'>, 'columns' | 'constraints'> & { strict: boolean }) | undefined {
  const parsed = parseTable(sql);
  const columns = parsed.columns.map(columnOf);
  if (columns.length === 0 || !columns.every((column) => column !== undefined)) return undefined;
  return {
    columns: columns.map(({ column }) => column),
    constraints: [...columns.flatMap(({ constraints }) => constraints), ...constraintsOf(parsed.constraints)],
    strict: parsed.strict,
  };
}

/** Undefined if a constraint of the column is not valid in SQLite. */
export function columnOf({ name, type, clauses }: ParsedColumn): ColumnRead | undefined {
  if (!clauses.every(isWellFormed)) return undefined;
  const has = (kind: Clause['kind']) => clauses.find((clause) => clause.kind === kind);
  const default_ = has('default');
  const references = has('references')?.references;
  const generated = has('generated');
  const column: ColumnSpec = {
    name,
    type: shortType(significantText(type)),
    notNull: has('not null') !== undefined,
    identity: false,
    primaryKey: has('primary key') !== undefined,
    unique: has('unique') !== undefined,
    check: has('check') !== undefined,
    ...(default_ === undefined ? {} : { default: defaultOf(default_.expression ?? '') }),
    ...(references === undefined ? {} : { references: { name: references } }),
    ...(generated === undefined
      ? {}
      : { generated: keysOf(generated.text).at(-1) === 'STORED' ? ('stored' as const) : ('virtual' as const) }),
  };
  return { column, constraints: constraintsOf(clauses, name) };
}

/** `[CONSTRAINT n] PRIMARY KEY (…)` and similar, of a table or of one column. */
export function constraintsOf(clauses: readonly Clause[], column?: string): ConstraintSpec[] {
  return clauses.flatMap(({ kind, name, columns, expression, references }) => {
    const constraint = CONSTRAINTS[kind];
    if (constraint === undefined) return [];
    // The check of a column is dropped with the column; other columns in that check cannot be dropped.
    const checked = () => namesIn(expression).filter((one) => column === undefined || !isSameName(one, column));
    return {
      constraint,
      name,
      columns: constraint === 'check' ? checked() : column === undefined ? columns : [column],
      notValid: false,
      usingIndex: false,
      ...(references === undefined ? {} : { references: { name: references } }),
    };
  });
}

const CONSTRAINTS: Partial<Record<Clause['kind'], ConstraintSpec['constraint']>> = {
  'primary key': 'primary key',
  unique: 'unique',
  check: 'check',
  references: 'foreign key',
  'foreign key': 'foreign key',
};

const CONFLICT = '( ON CONFLICT \\w+)?';
/** The constraints of a column as keywords, `()` for parentheses with their content and `·` for a name or value. */
const FORMS: Partial<Record<Clause['kind'], RegExp>> = {
  'not null': new RegExp(`^NOT NULL${CONFLICT}$`),
  null: new RegExp(`^NULL${CONFLICT}$`),
  'primary key': new RegExp(`^PRIMARY KEY( ASC| DESC)?${CONFLICT}( AUTOINCREMENT)?$`),
  unique: new RegExp(`^UNIQUE${CONFLICT}$`),
  check: new RegExp(`^CHECK \\(\\)${CONFLICT}$`),
  default: /^DEFAULT (\(\)|([-+] )*(\. )?\S+( [-+] ·)?)$/,
  collate: /^COLLATE \S+$/,
  references: /^REFERENCES \S+( |$)/,
  generated: /^(GENERATED ALWAYS )?AS \(\)( STORED| VIRTUAL)?$/,
};

function isWellFormed({ kind, text }: Clause): boolean {
  const keys = keysOf(text);
  const own = keys[0] === 'CONSTRAINT' ? keys.slice(2) : keys;
  return own.length === 0 || FORMS[kind]?.test(own.join(' ')) === true;
}

/** The keywords of a text, `()` for parentheses with their content and `·` for a name or value. */
function keysOf(text: string): string[] {
  const keys: string[] = [];
  let depth = 0;
  for (const { key } of significantTokens(text, 'sqlite')) {
    if (key === ')') depth -= 1;
    if (depth === 0 && key !== ')') keys.push(key === '(' ? '()' : key || '·');
    if (key === '(') depth += 1;
  }
  return keys;
}

/** A type without the comments and line breaks in it. */
function significantText(type: string): string {
  return significantTokens(type, 'sqlite')
    .map(({ text, key }, index, all) => {
      const inside = all.slice(0, index).some((token) => token.key === '(') || key === '(';
      return inside ? text : ` ${text}`;
    })
    .join('')
    .trim();
}

/** Plain columns of an index or a key; expressions are omitted. */
export function indexedColumns(tokens: readonly SqlToken[]): string[] {
  return byComma(tokens).flatMap(([first, second]) => {
    const plain = second === undefined || ['COLLATE', 'ASC', 'DESC', 'AUTOINCREMENT'].includes(second.key);
    return first !== undefined && plain && first.kind !== 'number' ? [first.text] : [];
  });
}

/**
 * ADD COLUMN accepts a default that is one literal; it refuses a computed default on a table with rows
 * (https://sqlite.org/lang_altertable.html, "ALTER TABLE ADD COLUMN"). NULL does not count as a default.
 */
function defaultOf(expression: string): DefaultKind | undefined {
  const tokens = significantTokens(expression, 'sqlite');
  const value = tokens[0]?.key === '(' ? tokens.slice(1, -1) : tokens;
  const written = value.map(({ text }) => text).join('');
  if (NUMBER.test(written)) return 'constant';
  const [only, ...more] = value.filter(({ key }) => key !== '+' && key !== '-');
  if (only?.key === 'NULL') return undefined;
  return more.length > 0 || /^CURRENT_(?:TIMESTAMP|DATE|TIME)$/.test(only?.key ?? '') ? 'volatile' : 'constant';
}

const NUMBER = /^[-+]*(\d[\d.]*|\.\d+)(e[-+]?\d+)?$/i;

/** The names in an expression, without names of functions and SQL keywords. */
function namesIn(expression = ''): string[] {
  const tokens = significantTokens(expression, 'sqlite');
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
function isSameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
