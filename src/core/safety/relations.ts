/** The relations that statements of PostgreSQL name, from their syntax trees; also inside DO blocks and functions. */
import { list, names, type Tree, text, tree } from './actions/tree.ts';
import { bodyParts, type Parsing, queriesOf } from './beyond/judge.ts';

export interface RelationName {
  /** Absent if the statement does not qualify the name. */
  schema?: string;
  name: string;
}

/** Deeper than code that people write; it ends the recursion of a block that contains itself. */
const DEEPEST = 5;

/**
 * The relations of a statement, and its strings that can be names (`EXECUTE format('DELETE FROM %I', 'fills')`). What a
 * foreign key refers to, columns, aliases and the names of WITH are not among them. Throws the error of the parser.
 */
export function relationsOf(parsing: Parsing, sql: string, depth = 0): RelationName[] {
  if (depth > DEEPEST) return [];
  const found: RelationName[] = [];
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
  for (const node of parsing.statements(sql)) walk(node, visit);
  const own = found.filter(({ schema, name }) => schema !== undefined || !withNames.has(name));
  return [
    ...own,
    ...strings.map(asName),
    ...bodies.flatMap(({ body, language }) => ofBody(parsing, body, language, depth + 1)),
  ];
}

function ofBody(parsing: Parsing, body: string, language: string, depth: number): RelationName[] {
  if (language === 'sql') return attempt(parsing, [body], depth);
  if (language !== 'plpgsql') return [];
  return (queriesOf(parsing, body) ?? []).flatMap(({ sql, dynamic }) => {
    const forms = [sql, `SELECT ${sql}`, sql.replace(/^\s*[\w."]+\s*(?::=|=)/, 'SELECT ')];
    const named = attempt(parsing, forms, depth);
    // The strings of EXECUTE are a statement, with gaps.
    const text = named.map(({ schema, name }) => (schema === undefined ? name : `${schema}.${name}`)).join(' ');
    const executed = dynamic ? attempt(parsing, [text.replace(/%(\d+\$)?[ILs]/g, 'x')], depth) : [];
    return [...named, ...executed];
  });
}

/** Of the first form that is a statement. */
function attempt(parsing: Parsing, forms: readonly string[], depth: number): RelationName[] {
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
function asName(written: string): RelationName {
  const [, schema, name = ''] = /^(?:([^.\s]+)\.)?([^.\s]+)$/.exec(written) ?? [];
  if (name === '') return { name: written };
  return schema === undefined ? { name } : { schema, name };
}

function dropped(object: unknown): RelationName[] {
  const parts = names(tree(tree(object).List).items);
  const name = parts.at(-1);
  const schema = parts.at(-2);
  if (name === undefined) return [];
  return [schema === undefined ? { name } : { schema, name }];
}

function walk(node: unknown, visit: (key: string, fields: Tree) => void): void {
  if (Array.isArray(node)) {
    for (const each of node) walk(each, visit);
    return;
  }
  if (typeof node !== 'object' || node === null) return;
  for (const [key, value] of Object.entries(node)) {
    if (key === 'pktable') continue;
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) visit(key, value as Tree);
    walk(value, visit);
  }
}
