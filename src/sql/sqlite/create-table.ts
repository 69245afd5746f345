import { byComma, closing, type SqlToken, significantTokens, step, textOf } from '../significant.ts';

type ClauseKind =
  | 'primary key'
  | 'not null'
  | 'null'
  | 'unique'
  | 'check'
  | 'default'
  | 'collate'
  | 'references'
  | 'generated'
  | 'foreign key';

/** A position in the parsed text. */
interface Span {
  start: number;
  end: number;
}

/** One constraint, of a column or of the table, as it is written. */
export interface Clause extends Span {
  kind: ClauseKind;
  /** Name given with CONSTRAINT. */
  name?: string;
  /** All of it, with its CONSTRAINT. */
  text: string;
  /** The columns that a table constraint lists; empty for a column's own. */
  columns: string[];
  /** The table that a foreign key refers to. */
  references?: string;
  /** The text in the parentheses of CHECK, GENERATED and DEFAULT (…), or DEFAULT's value. */
  expression?: string;
}

export interface ParsedColumn extends Span {
  name: string;
  /** The name as it is written, with its quotes. */
  written: string;
  /** Declared type; empty if there is none. */
  type: string;
  /** Position of the type; after the name, and empty, if there is none. */
  typeSpan: Span;
  clauses: Clause[];
}

/** The parts of a CREATE TABLE. They are changed in the text, by their spans: see `../alter/text.ts`. */
export interface ParsedTable {
  columns: ParsedColumn[];
  constraints: Clause[];
  withoutRowid: boolean;
  strict: boolean;
  autoincrement: boolean;
}

/** The word that starts a clause, after its name. */
const KINDS: Readonly<Record<string, ClauseKind>> = {
  PRIMARY: 'primary key',
  NOT: 'not null',
  NULL: 'null',
  UNIQUE: 'unique',
  CHECK: 'check',
  DEFAULT: 'default',
  COLLATE: 'collate',
  REFERENCES: 'references',
  GENERATED: 'generated',
  AS: 'generated',
  FOREIGN: 'foreign key',
};
const CLAUSE_START = new Set(['CONSTRAINT', ...Object.keys(KINDS)]);
const TABLE_CLAUSE = new Set(['CONSTRAINT', 'PRIMARY', 'UNIQUE', 'CHECK', 'FOREIGN']);

/** Parses the text that `sqlite_schema` stores for a table (https://sqlite.org/lang_createtable.html). */
export function parseTable(sql: string): ParsedTable {
  const tokens = significantTokens(sql, 'sqlite');
  const open = tokens.findIndex(({ key }) => key === '(');
  const close = closing(tokens, open);
  const options = new Set(tokens.slice(close + 1).map(({ key }) => key));
  const table: ParsedTable = {
    columns: [],
    constraints: [],
    withoutRowid: options.has('WITHOUT'),
    strict: options.has('STRICT'),
    autoincrement: tokens.some(({ key }) => key === 'AUTOINCREMENT'),
  };
  for (const piece of byComma(tokens.slice(open + 1, close))) {
    const [first] = piece;
    if (first === undefined) continue;
    if (TABLE_CLAUSE.has(first.key)) table.constraints.push(...parseClauses(sql, piece));
    else table.columns.push(parseColumn(sql, piece));
  }
  return table;
}

/** `name [type] [constraint …]`, from its tokens. */
export function parseColumn(sql: string, tokens: SqlToken[]): ParsedColumn {
  const [first, ...rest] = tokens as [SqlToken, ...SqlToken[]];
  const typeEnd = rest.findIndex((token, index) => CLAUSE_START.has(token.key) && depthBefore(rest, index) === 0);
  const typeTokens = typeEnd < 0 ? rest : rest.slice(0, typeEnd);
  return {
    name: first.text,
    written: sql.slice(first.start, first.end),
    start: first.start,
    end: tokens.at(-1)?.end ?? first.end,
    type: textOf(sql, typeTokens),
    typeSpan: { start: typeTokens[0]?.start ?? first.end, end: typeTokens.at(-1)?.end ?? first.end },
    clauses: typeEnd < 0 ? [] : parseClauses(sql, rest.slice(typeEnd)),
  };
}

/** Splits a series of constraints at the keywords that start one. */
export function parseClauses(sql: string, tokens: SqlToken[]): Clause[] {
  const clauses: Clause[] = [];
  let at = 0;
  while (at < tokens.length) {
    const start = at;
    let name: string | undefined;
    const named = tokens[at + 1];
    if (tokens[at]?.key === 'CONSTRAINT' && named !== undefined) {
      name = named.text;
      at += 2;
    }
    const body = at;
    const kind = KINDS[tokens[body]?.key ?? ''] ?? 'references';
    at = clauseEnd(tokens, body, kind);
    const own = tokens.slice(body, at);
    clauses.push({
      kind,
      ...(name === undefined ? {} : { name }),
      text: textOf(sql, tokens.slice(start, at)),
      start: tokens[start]?.start ?? 0,
      end: tokens[at - 1]?.end ?? 0,
      columns: listedColumns(own, kind),
      ...referenceOf(own, kind),
      ...expressionOf(sql, own, kind),
    });
  }
  return clauses;
}

/** The end of a clause: the next keyword that can start one and does not belong to it. */
function clauseEnd(tokens: SqlToken[], body: number, kind: ClauseKind): number {
  const least = { 'not null': 2, 'primary key': 2, default: 2, collate: 2, generated: 1, 'foreign key': 2 } as Partial<
    Record<ClauseKind, number>
  >;
  // The parentheses of DEFAULT (…) are skipped as a whole: its expression may contain NOT NULL.
  let at = body + (tokens[body + 1]?.key === '(' ? 1 : (least[kind] ?? 1));
  let foreign = kind === 'references';
  while (at < tokens.length) {
    const token = tokens[at];
    if (token?.key === '(') {
      at = closing(tokens, at) + 1;
      continue;
    }
    if (token !== undefined && CLAUSE_START.has(token.key)) {
      const previous = tokens[at - 1]?.key;
      const next = tokens[at + 1]?.key;
      const partOfReference =
        (foreign && token.key === 'NOT' && next === 'DEFERRABLE') ||
        (foreign && (token.key === 'NULL' || token.key === 'DEFAULT') && previous === 'SET');
      const partOfGenerated = kind === 'generated' && token.key === 'AS';
      const partOfForeign = kind === 'foreign key' && token.key === 'REFERENCES';
      if (partOfForeign) foreign = true;
      if (!partOfReference && !partOfGenerated && !partOfForeign) break;
    }
    at += 1;
  }
  return at;
}

function listedColumns(tokens: SqlToken[], kind: ClauseKind): string[] {
  if (!['primary key', 'unique', 'foreign key'].includes(kind)) return [];
  const open = tokens.findIndex(({ key }) => key === '(');
  if (open < 0) return [];
  return byComma(tokens.slice(open + 1, closing(tokens, open))).flatMap(([first]) =>
    first === undefined ? [] : [first.text],
  );
}

function referenceOf(tokens: SqlToken[], kind: ClauseKind): { references?: string } {
  if (kind !== 'references' && kind !== 'foreign key') return {};
  const table = tokens[tokens.findIndex(({ key }) => key === 'REFERENCES') + 1]?.text;
  return table === undefined ? {} : { references: table };
}

function expressionOf(sql: string, tokens: SqlToken[], kind: ClauseKind): { expression?: string } {
  if (kind === 'default') return { expression: textOf(sql, tokens.slice(1)) };
  if (kind === 'collate') return { expression: tokens[1] === undefined ? '' : tokens[1].text };
  if (kind !== 'check' && kind !== 'generated') return {};
  const open = tokens.findIndex(({ key }) => key === '(');
  return open < 0 ? {} : { expression: textOf(sql, tokens.slice(open + 1, closing(tokens, open))) };
}

function depthBefore(tokens: readonly SqlToken[], index: number): number {
  return tokens.slice(0, index).reduce((depth, { key }) => depth + step(key), 0);
}
