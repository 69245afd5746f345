import type { Dialect } from '../../core/model/dialect.ts';
import { tokenize } from '../../sql/lexer.ts';
import type { Token } from '../../sql/token.ts';
import { loadParsing } from './parser.ts';

/** Whether a statement mentions a table, `schema.name`. Comments, columns and aliases do not count. */
export type NamesTable = (sql: string, table: string) => boolean;

/** The function of a dialect. The PostgreSQL parser is loaded only when requested. */
export function loadNamesTable(dialect: Dialect): Promise<NamesTable> {
  return LOADERS[dialect]();
}

const LOADERS: Record<Dialect, () => Promise<NamesTable>> = {
  postgres: byTree,
  sqlite: async () => byTokens('sqlite'),
};

async function byTree(): Promise<NamesTable> {
  const [{ relationsOf }, parsing] = await Promise.all([import('../../core/safety/relations.ts'), loadParsing()]);
  const fallback = byTokens('postgres');
  return (sql, table) => {
    const [schema, name] = split(table);
    try {
      return relationsOf(parsing, sql).some(
        (one) => one.name.toLowerCase() === name && (one.schema ?? schema).toLowerCase() === schema,
      );
    } catch {
      return fallback(sql, table);
    }
  };
}

function byTokens(dialect: Dialect): NamesTable {
  return (sql, table) => namesTable(sql, table, dialect);
}

function split(table: string): [schema: string, name: string] {
  const dot = table.lastIndexOf('.');
  return [table.slice(0, Math.max(dot, 0)).toLowerCase(), table.slice(dot + 1).toLowerCase()];
}

/**
 * Keywords that are followed by the name of a relation. REFERENCES is not included: a reference to a table does not
 * concern its rows.
 */
const BEFORE_A_TABLE = new Set([
  'FROM',
  'JOIN',
  'INTO',
  'UPDATE',
  'TABLE',
  'ONLY',
  'EXISTS',
  'USING',
  'TRUNCATE',
  'ON',
]);

/**
 * By tokens, for SQLite and for text that PostgreSQL's parser does not read: as a relation, in the body of a DO block or function, or in a string that is
 * exactly its name (`EXECUTE format('DELETE FROM %I', 'fills')`). A comment, a column or an alias with that name does
 * not count. `table` is `schema.name`.
 */
function namesTable(sql: string, table: string, dialect: Dialect): boolean {
  const [schema, name] = split(table);
  const tokens = [...tokenize(sql, dialect)].filter(({ kind }) => kind !== 'space' && kind !== 'comment');
  return tokens.some((token, index) => {
    if (token.kind === 'string') {
      const body = /^(\$\w*\$)([\s\S]*)\1$/.exec(textOf(sql, token))?.[2];
      return body === undefined ? isName(unquoted(sql, token), name) : namesTable(body, table, dialect);
    }
    if (unquoted(sql, token) !== name) return false;
    const qualified = symbolAt(sql, tokens[index - 1]) === '.';
    if (qualified && unquoted(sql, tokens[index - 2]) !== schema) return false;
    const before = tokens[index - (qualified ? 3 : 1)];
    return symbolAt(sql, before) === ',' || (before?.kind === 'word' && BEFORE_A_TABLE.has(before.upper));
  });
}

function isName(text: string, name: string): boolean {
  return text === name || text.endsWith(`.${name}`);
}

function textOf(sql: string, { start, end }: Token): string {
  return sql.slice(start, end);
}

function symbolAt(sql: string, token: Token | undefined): string | undefined {
  return token?.kind === 'symbol' ? textOf(sql, token) : undefined;
}

/** In lower case and without quotes: both databases find a table by such a name or not at all. */
function unquoted(sql: string, token: Token | undefined): string {
  if (token === undefined) return '';
  return textOf(sql, token)
    .replace(/^["'`[]|["'`\]]$/g, '')
    .toLowerCase();
}
