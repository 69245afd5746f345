import type { Dialect } from '../../core/model/dialect.ts';
import { significantTokens } from '../../sql/significant.ts';
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
  const tokens = significantTokens(sql, dialect);
  return tokens.some(({ kind, text }, index) => {
    if (kind === 'string') {
      const body = /^(\$\w*\$)([\s\S]*)\1$/.exec(text)?.[2];
      return body === undefined ? isName(text.toLowerCase(), name) : namesTable(body, table, dialect);
    }
    if (text.toLowerCase() !== name) return false;
    const qualified = tokens[index - 1]?.key === '.';
    if (qualified && tokens[index - 2]?.text.toLowerCase() !== schema) return false;
    const before = tokens[index - (qualified ? 3 : 1)]?.key ?? '';
    return before === ',' || BEFORE_A_TABLE.has(before);
  });
}

function isName(text: string, name: string): boolean {
  return text === name || text.endsWith(`.${name}`);
}
