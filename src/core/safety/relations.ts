/** The relations that statements of PostgreSQL name, from their syntax trees; also inside DO blocks and functions. */
import { type TableRef, tableName } from './action.ts';
import { refOf } from './actions/postgres-names.ts';
import { as, list, names, type Tree, text, walk } from './actions/tree.ts';
import { bodyParts, type Parsing, queriesOf } from './beyond/judge.ts';

/** Deeper than code that people write; it ends the recursion of a block that contains itself. */
const DEEPEST = 5;

/**
 * The relations of a statement, and its strings that can be names (`EXECUTE format('DELETE FROM %I', 'fills')`). What a
 * foreign key refers to, columns, aliases and the names of WITH are not among them. Throws the error of the parser.
 */
export function relationsOf(parsing: Parsing, sql: string, depth = 0): TableRef[] {
  if (depth > DEEPEST) return [];
  const found: TableRef[] = [];
  const strings: string[] = [];
  const withNames = new Set<string>();
  const bodies: { body: string; language: string }[] = [];

  const visit = (key: string, fields: Tree): void => {
    const name = text(fields.relname);
    const schema = text(fields.schemaname);
    if (name !== undefined) found.push({ name, ...(schema === undefined ? {} : { schema }) });
    const within = text(fields.ctename);
    if (within !== undefined) withNames.add(within);
    const string = key === 'sval' ? text(fields.sval) : undefined;
    if (string !== undefined) strings.push(string);
    if (key === 'DropStmt') for (const object of list(fields.objects)) found.push(...dropped(object));
    const options = key === 'DoStmt' ? fields.args : key === 'CreateFunctionStmt' ? fields.options : undefined;
    if (options !== undefined) {
      const { body, language = key === 'DoStmt' ? 'plpgsql' : 'sql' } = bodyParts(options);
      bodies.push({ body, language });
    }
  };
  for (const node of parsing.statements(sql)) walk(node, visit, 'pktable');
  const own = found.filter(({ schema, name }) => schema !== undefined || !withNames.has(name));
  return [
    ...own,
    ...strings.map(asName),
    ...bodies.flatMap(({ body, language }) => ofBody(parsing, body, language, depth + 1)),
  ];
}

function ofBody(parsing: Parsing, body: string, language: string, depth: number): TableRef[] {
  if (language === 'sql') return attempt(parsing, [body], depth);
  if (language !== 'plpgsql') return [];
  return (queriesOf(parsing, body) ?? []).flatMap(({ sql, dynamic }) => {
    const forms = [sql, `SELECT ${sql}`, sql.replace(/^\s*[\w."]+\s*(?::=|=)/, 'SELECT ')];
    const named = attempt(parsing, forms, depth);
    // The strings of EXECUTE are a statement, with gaps.
    const text = named.map(tableName).join(' ');
    const executed = dynamic ? attempt(parsing, [text.replace(/%(\d+\$)?[ILs]/g, 'x')], depth) : [];
    return [...named, ...executed];
  });
}

/** Of the first form that is a statement. */
function attempt(parsing: Parsing, forms: readonly string[], depth: number): TableRef[] {
  for (const form of forms) {
    try {
      return relationsOf(parsing, form, depth);
    } catch {
      // The next form.
    }
  }
  return [];
}

/** `a.b` as schema and name. Any other text is kept as it is; a table never has such a name. */
function asName(written: string): TableRef {
  const [, schema, name = ''] = /^(?:([^.\s]+)\.)?([^.\s]+)$/.exec(written) ?? [];
  if (name === '') return { name: written };
  return schema === undefined ? { name } : { schema, name };
}

function dropped(object: unknown): TableRef[] {
  const parts = names(as('List', object).items);
  return parts.length === 0 ? [] : [refOf(parts)];
}
