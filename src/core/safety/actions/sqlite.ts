/**
 * What a statement of SQLite does, from its tokens: SQLite has no parser with an API, and its DDL is small.
 * Pure. Sources: https://sqlite.org/lang.html and the version of each feature in changes.html.
 */
import { type Cursor, cursor } from '../../../sql/cursor.ts';
import { isComplete, outsideParentheses, type SqlToken, significantTokens } from '../../../sql/significant.ts';
import { parseClauses, parseColumn } from '../../../sql/sqlite/create-table.ts';
import type { SchemaAction, TableRef } from '../action.ts';
import { features } from './sqlite-features.ts';
import { columnOf, constraintsOf, indexedColumns, tableOf } from './sqlite-table.ts';

/** Of one statement; undefined if it is not valid in SQLite. */
export function sqliteActions(sql: string): SchemaAction[] | undefined {
  const tokens = significantTokens(sql, 'sqlite');
  if (!isComplete(sql, tokens)) return undefined;
  while (tokens.at(-1)?.key === ';') tokens.pop();
  const at = cursor(tokens);
  const read = READERS[at.next()?.key ?? ''];
  const actions = read?.(at, tokens, sql);
  return actions === undefined ? undefined : [...actions, ...features(tokens)];
}

type Reader = (at: Cursor, tokens: readonly SqlToken[], sql: string) => SchemaAction[] | undefined;

const nothing: Reader = () => [];

/** A query of SQLite changes nothing, unless it loads a library or writes a file. */
const query: Reader = (_at, tokens) =>
  tokens.some(({ key }) => key === 'LOAD_EXTENSION' || key === 'WRITEFILE') ? [] : [{ kind: 'read' }];

const READERS: Record<string, Reader> = {
  CREATE: create,
  ALTER: (at, _tokens, sql) => alter(at, sql),
  DROP: drop,
  UPDATE: (_at, tokens) => changes(tokens),
  DELETE: (_at, tokens) => changes(tokens),
  INSERT: (_at, tokens) => changes(tokens),
  REPLACE: (_at, tokens) => changes(tokens),
  WITH: (_at, tokens) => changes(tokens),
  SELECT: query,
  VALUES: query,
  EXPLAIN: () => [{ kind: 'read' }],
  ANALYZE: nothing,
  ATTACH: nothing,
  DETACH: nothing,
  SAVEPOINT: nothing,
  RELEASE: nothing,
  REINDEX: nothing,
  VACUUM: () => [{ kind: 'outsideOnly', command: 'VACUUM' }],
  PRAGMA: pragma,
  BEGIN: () => [{ kind: 'transaction', verb: 'BEGIN' }],
  COMMIT: () => [{ kind: 'transaction', verb: 'COMMIT' }],
  END: () => [{ kind: 'transaction', verb: 'END' }],
  ROLLBACK: (_at, tokens) =>
    tokens.some(({ key }) => key === 'TO') ? [] : [{ kind: 'transaction', verb: 'ROLLBACK' }],
};

function create(at: Cursor, tokens: readonly SqlToken[], sql: string): SchemaAction[] | undefined {
  const temporary = at.take('TEMP') || at.take('TEMPORARY');
  const unique = at.take('UNIQUE');
  const virtual = at.take('VIRTUAL');
  const what = at.next()?.key;
  at.take('IF', 'NOT', 'EXISTS');
  const named = at.ref();
  if (named === undefined) return undefined;
  switch (what) {
    case 'TABLE':
      return virtual ? [derived(named, false)] : createTable(at, named, temporary, sql);
    case 'INDEX':
      return createIndex(at, named.name, unique);
    case 'VIEW':
      return [{ kind: 'createView', view: named, materialized: false, mentions: namesOf(tokens) }];
    case 'TRIGGER': {
      while (at.peek() !== undefined && !at.take('ON')) at.next();
      const table = at.ref();
      if (table === undefined) return undefined;
      return [{ kind: 'createTrigger', table, name: named.name, mentions: namesOf(tokens) }];
    }
    default:
      return undefined;
  }
}

function namesOf(tokens: readonly SqlToken[]): string[] {
  const names = tokens.filter(({ kind }) => kind === 'word' || kind === 'name');
  return [...new Set(names.map(({ text }) => text.toLowerCase()))];
}

function derived(table: TableRef, temporary: boolean): SchemaAction {
  return { kind: 'createTable', table, columns: [], constraints: [], temporary, derived: true };
}

function createTable(at: Cursor, table: TableRef, temporary: boolean, sql: string): SchemaAction[] | undefined {
  if (at.take('AS')) return [derived(table, temporary)];
  const body = at.peek()?.key === '(' ? tableOf(sql) : undefined;
  if (body === undefined) return undefined;
  const { strict, ...parts } = body;
  return [
    { kind: 'createTable', table, ...parts, temporary, derived: false },
    ...(strict ? [since('a STRICT table', 3037000)] : []),
  ];
}

function createIndex(at: Cursor, name: string, unique: boolean): SchemaAction[] | undefined {
  const table = at.take('ON') ? at.name() : undefined;
  const parts = at.group();
  if (table === undefined || parts === undefined) return undefined;
  const columns = indexedColumns(parts);
  const partial = at.take('WHERE');
  const mentions = namesOf([...parts, ...at.rest()]);
  return [
    { kind: 'createIndex', name, table: { name: table }, columns, unique, partial, concurrently: false, mentions },
  ];
}

function alter(at: Cursor, sql: string): SchemaAction[] | undefined {
  const table = at.take('TABLE') ? at.ref() : undefined;
  if (table === undefined) return undefined;
  if (at.take('RENAME', 'TO')) {
    const to = at.name();
    return to === undefined ? undefined : [{ kind: 'renameTable', table, to, view: false }];
  }
  if (at.take('RENAME')) {
    at.take('COLUMN');
    const from = at.name();
    const to = at.take('TO') ? at.name() : undefined;
    if (from === undefined || to === undefined) return undefined;
    return [{ kind: 'renameColumn', table, from, to }, since('ALTER TABLE RENAME COLUMN', 3025000)];
  }
  if (at.take('ADD')) return add(at, table, sql);
  if (at.take('DROP')) return dropPart(at, table);
  return at.take('ALTER') ? alterColumn(at, table) : undefined;
}

function add(at: Cursor, table: TableRef, sql: string): SchemaAction[] | undefined {
  const next = at.peek()?.key ?? '';
  if (next === 'CONSTRAINT' || next === 'CHECK') {
    const added = constraintsOf(parseClauses(sql, at.rest())).map((spec) => ({
      kind: 'addConstraint' as const,
      table,
      ...spec,
    }));
    return [...added, since('ALTER TABLE ADD CONSTRAINT', 3052000)];
  }
  at.take('COLUMN');
  const definition = at.rest();
  const read = definition.length === 0 ? undefined : columnOf(parseColumn(sql, definition));
  return read === undefined ? undefined : [{ kind: 'addColumn', table, column: read.column }];
}

function dropPart(at: Cursor, table: TableRef): SchemaAction[] | undefined {
  if (at.take('CONSTRAINT')) {
    const name = at.name();
    if (name === undefined) return undefined;
    return [{ kind: 'dropConstraint', table, name, cascade: false }, since('ALTER TABLE DROP CONSTRAINT', 3052000)];
  }
  at.take('COLUMN');
  const column = at.name();
  if (column === undefined) return undefined;
  return [{ kind: 'dropColumn', table, column, cascade: false }, since('ALTER TABLE DROP COLUMN', 3035000)];
}

function alterColumn(at: Cursor, table: TableRef): SchemaAction[] | undefined {
  at.take('COLUMN');
  const column = at.name();
  const kind = at.take('SET', 'NOT', 'NULL')
    ? 'setNotNull'
    : at.take('DROP', 'NOT', 'NULL')
      ? 'dropNotNull'
      : undefined;
  if (column === undefined || kind === undefined) return undefined;
  return [{ kind, table, column }, since('ALTER TABLE ALTER COLUMN', 3052000)];
}

function since(feature: string, version: number): SchemaAction {
  return { kind: 'feature', feature, since: version };
}

function drop(at: Cursor): SchemaAction[] | undefined {
  const what = at.next()?.key;
  at.take('IF', 'EXISTS');
  const named = at.ref();
  if (named === undefined) return undefined;
  switch (what) {
    case 'TABLE':
      return [{ kind: 'dropTable', table: named, cascade: false }];
    case 'INDEX':
      return [{ kind: 'dropIndex', name: named.name, concurrently: false }];
    case 'VIEW':
    case 'TRIGGER':
      return [{ kind: 'dropObject', what: what.toLowerCase(), name: named.name, cascade: false }];
    default:
      return undefined;
  }
}

/** UPDATE, DELETE, INSERT and REPLACE, also behind WITH; inside its parentheses there are only queries. */
function changes(tokens: readonly SqlToken[]): SchemaAction[] | undefined {
  const plain = outsideParentheses(tokens);
  const verb = plain.findIndex(({ key }) => VERBS.has(key));
  if (verb < 0)
    return plain.some(({ key }) => key === 'SELECT' || key === 'VALUES') ? query(cursor([]), tokens, '') : undefined;
  const at = cursor(plain.slice(verb + 1));
  const key = plain[verb]?.key;
  if (at.take('OR')) at.next();
  if (key === 'DELETE') at.take('FROM');
  if (key === 'INSERT' || key === 'REPLACE') at.take('INTO');
  const table = at.ref();
  if (table === undefined) return undefined;
  const words = new Set(at.rest().map((token) => token.key));
  switch (key) {
    case 'UPDATE':
      if (!words.has('SET')) return undefined;
      return [
        { kind: 'update', table, filtered: words.has('WHERE') },
        ...(words.has('FROM') ? [since('UPDATE FROM', 3033000)] : []),
      ];
    case 'DELETE':
      return [{ kind: 'delete', table, filtered: words.has('WHERE') }];
    default:
      return [{ kind: 'insert', table, fromSelect: words.has('SELECT') && words.has('FROM') }];
  }
}

const VERBS = new Set(['UPDATE', 'DELETE', 'INSERT', 'REPLACE']);

function pragma(at: Cursor): SchemaAction[] | undefined {
  const named = at.ref();
  if (named === undefined) return undefined;
  const value = at.take('=')
    ? signed(at)
    : at
        .group()
        ?.map(({ text }) => text)
        .join('');
  return [{ kind: 'pragma', name: named.name.toLowerCase(), ...(value === undefined ? {} : { value }) }];
}

function signed(at: Cursor): string | undefined {
  const minus = at.take('-');
  const text = at.next()?.text;
  return text === undefined ? undefined : `${minus ? '-' : ''}${text}`;
}
