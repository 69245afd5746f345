/** Finds effects of a statement outside its database, also inside DO blocks and in functions created before. */
import { as, list, names, open, type Tree, text, tree, walk } from '../actions/tree.ts';
import { type Beyond, functionBeyond, STATEMENTS, tableBeyond, textBeyond } from './table.ts';

export type { Beyond } from './table.ts';

/** The required part of PostgreSQL's parser. Both functions throw. */
export interface Parsing {
  /** Nodes of statements. */
  statements(sql: string): unknown[];
  /** The tree of a function in PL/pgSQL, from its CREATE FUNCTION. */
  plpgsql(createFunction: string): unknown;
}

/** Checks statements in order: a later statement may call a function that an earlier one created. */
export type Judge = (sql: string) => Beyond[];

/** Deeper than code that people write; it ends the recursion of a block that contains itself. */
const DEEPEST = 5;
/** Statements that store an expression and do not run it. */
const KEEPS = new Set([
  'ViewStmt',
  'CreateFunctionStmt',
  'RuleStmt',
  'CreateStmt',
  'AlterTableStmt',
  'CreateTrigStmt',
  'PrepareStmt',
]);
const RETURNED = ['void', 'text', 'SETOF text', 'trigger', 'event_trigger'];
const CHANGES = new Set(['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt']);

export function beyondJudge(parsing: Parsing): Judge {
  /** Functions created so far, by name, with their effects. */
  const made = new Map<string, Beyond[]>();
  const foreignTables = new Set<string>();
  /** The functions of triggers, by the name of their table. */
  const triggers = new Map<string, Set<string>>();

  /** The text of the statement that is checked, where it is known. */
  let whole: string | undefined;

  const ofText = (sql: string, depth: number): Beyond[] => {
    if (depth > DEEPEST) return [];
    let nodes: unknown[];
    try {
      nodes = parsing.statements(sql);
    } catch {
      return textBeyond(sql);
    }
    whole = nodes.length === 1 ? sql : undefined;
    return nodes.flatMap((node) => ofStatement(node, depth));
  };

  const ofStatement = (node: unknown, depth: number): Beyond[] => {
    const [kind, fields] = open(node);
    const own = STATEMENTS[kind]?.(fields);
    const found = own === undefined ? [] : [own];
    if (kind === 'DoStmt') found.push(...ofBlock(fields, depth));
    if (kind === 'CreateFunctionStmt') remember(fields, depth);
    if (kind === 'CreateForeignTableStmt') foreignTables.add(relation(tree(fields.base).relation));
    if (kind === 'CreateTrigStmt') {
      const table = relation(fields.relation);
      triggers.set(table, (triggers.get(table) ?? new Set()).add(names(fields.funcname).join('.')));
    }
    if (kind === 'CreateTrigStmt' || kind === 'CreateEventTrigStmt') found.push(...callOf(names(fields.funcname)));
    if (kind === 'CopyStmt' && fields.is_from === true) found.push(...firedBy(fields.relation));
    if (kind === 'TruncateStmt') found.push(...list(fields.relations).flatMap(firedBy));
    if (!KEEPS.has(kind)) walk(node, (each, eachFields) => found.push(...ofNode(each, eachFields)));
    return found;
  };

  const ofNode = (kind: string, fields: Tree): Beyond[] => {
    if (kind === 'FuncCall') return callOf(names(fields.funcname));
    if (!CHANGES.has(kind)) return [];
    const range = tree(fields.relation);
    const changed = tableBeyond(range);
    const away = foreignTables.has(relation(range));
    return [
      ...firedBy(range),
      ...(changed === undefined ? [] : [changed]),
      ...(away ? [{ what: `a change of the foreign table ${relation(range)}`, reach: 'outside' as const }] : []),
    ];
  };

  const firedBy = (table: unknown): Beyond[] =>
    [...(triggers.get(relation(table)) ?? [])].flatMap((name) => callOf(name.split('.')));

  const callOf = (path: string[]): Beyond[] => {
    const known = functionBeyond(path);
    if (known !== undefined) return [known];
    return (made.get(path.at(-1) ?? '') ?? []).map(({ what, reach }) => ({
      what: `${what} in ${path.join('.')}()`,
      reach,
    }));
  };

  const ofBlock = (fields: Tree, depth: number): Beyond[] => {
    const { body, language } = bodyParts(fields.args);
    return ofBody(body, language ?? 'plpgsql', depth);
  };

  const remember = (fields: Tree, depth: number): void => {
    const text = whole;
    const { body, language } = bodyParts(fields.options);
    const name = names(fields.funcname).at(-1) ?? '';
    const inSql = fields.sql_body === undefined ? [] : ofTree(fields.sql_body, depth);
    made.set(name, [...inSql, ...ofBody(body, language ?? 'sql', depth, text)]);
  };

  const ofTree = (node: unknown, depth: number): Beyond[] => {
    const found: Beyond[] = [];
    walk(node, (kind, fields) => {
      if (/^[A-Z]\w*Stmt$/.test(kind)) found.push(...ofStatement({ [kind]: fields }, depth + 1));
    });
    return unique(found);
  };

  const ofBody = (body: string, language: string, depth: number, createFunction?: string): Beyond[] => {
    if (body === '') return [];
    if (language === 'sql') return ofText(body, depth + 1);
    if (language !== 'plpgsql') return textBeyond(body);
    const queries = queriesOf(parsing, body, createFunction);
    if (queries === undefined) return textBeyond(body);
    return unique(queries.flatMap(({ sql, dynamic }) => (dynamic ? ofDynamic(sql, depth) : ofQuery(sql, depth))));
  };

  /** A statement, or an expression of PL/pgSQL. */
  const ofQuery = (sql: string, depth: number): Beyond[] => {
    for (const text of [sql, `SELECT ${sql}`, sql.replace(/^\s*[\w."]+\s*(?::=|=)/, 'SELECT ')]) {
      try {
        parsing.statements(text);
        return ofText(text, depth + 1);
      } catch {
        // The next form.
      }
    }
    return textBeyond(sql);
  };

  /** EXECUTE of an expression: the statement is in its constants, with gaps. */
  const ofDynamic = (sql: string, depth: number): Beyond[] => {
    const found = ofQuery(sql, depth);
    try {
      for (const node of parsing.statements(`SELECT ${sql}`)) {
        const constants: string[] = [];
        walk(node, (kind, fields) => {
          const value = kind === 'A_Const' ? text(tree(fields.sval).sval) : undefined;
          if (value !== undefined) constants.push(value);
        });
        // Joined with the text between them, or with nothing: a word may be split.
        for (const between of [' ', '']) {
          const statement = constants.join(between).replace(/%(\d+\$)?[ILs]/g, 'x');
          found.push(...textBeyond(statement), ...ofText(statement, depth + 1));
        }
      }
    } catch {
      found.push(...textBeyond(sql));
    }
    return found;
  };

  return (sql) => unique(ofText(sql, 0));
}

/** The body of a function or DO block and its language, from the options in its tree. */
export function bodyParts(options: unknown): { body: string; language?: string } {
  let body = '';
  let language: string | undefined;
  for (const option of list(options)) {
    const { defname, arg } = as('DefElem', option);
    if (defname === 'language') language = text(as('String', arg).sval)?.toLowerCase();
    if (defname !== 'as') continue;
    const [first] = list(as('List', arg).items);
    body = text(as('String', arg).sval) ?? text(as('String', first).sval) ?? '';
  }
  return { body, language };
}

interface Query {
  sql: string;
  /** Of EXECUTE: an expression that gives a statement. */
  dynamic: boolean;
}

/** The queries of a body in PL/pgSQL; undefined if it cannot be parsed. What RETURN means depends on the type, which is known only from the whole statement. */
export function queriesOf(parsing: Parsing, body: string, createFunction?: string): Query[] | undefined {
  const mark = markFor(body);
  const as = (type: string) => `CREATE FUNCTION f() RETURNS ${type} LANGUAGE plpgsql AS ${mark}${body}${mark}`;
  for (const text of [createFunction, ...RETURNED.map(as)]) {
    if (text === undefined) continue;
    try {
      return queriesIn(parsing.plpgsql(text));
    } catch {
      // The next type.
    }
  }
  return undefined;
}

/** Every `query` of a PL/pgSQL tree; those of EXECUTE are expressions that give a statement. */
function queriesIn(node: unknown, dynamic = false): Query[] {
  if (Array.isArray(node)) return node.flatMap((each) => queriesIn(each, dynamic));
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, value]) => {
    if (key === 'query' && typeof value === 'string') return [{ sql: value, dynamic }];
    const begins = /^PLpgSQL_stmt_(dynexecute|dynfors)$/.test(key) || key === 'dynquery';
    return queriesIn(value, begins || (dynamic && key !== 'body'));
  });
}

function relation(range: unknown): string {
  const { relname } = tree(range);
  return text(relname) ?? text(as('RangeVar', range).relname) ?? '';
}

/** A dollar quote that does not occur in the text. */
function markFor(body: string): string {
  let mark = '$b$';
  for (let index = 0; body.includes(mark); index++) mark = `$b${index}$`;
  return mark;
}

function unique(found: readonly Beyond[]): Beyond[] {
  return [...new Map(found.map((one) => [one.what, one])).values()];
}
