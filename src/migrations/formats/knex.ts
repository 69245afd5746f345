import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Dialect } from '../../core/model/dialect.ts';
import { ProblemError } from '../../core/model/problem.ts';
import type { AuthorFunction, Call } from './author-function.ts';
import { invalid } from './format.ts';
import { type UnusedBuilders, unusedBuilders } from './knex-unused.ts';

/** The part of the migration's connection that all queries of Knex use. */
interface Connection {
  query(sql: string, options: { raw: true }): Promise<[rows: unknown, result: unknown]>;
  getDialect(): string;
}

/** A query as a client of Knex gets it. */
interface KnexQuery {
  sql: string;
  bindings?: unknown[];
  method?: string;
  returning?: unknown;
  response?: unknown;
  context?: unknown;
}

interface KnexClient {
  queryBuilder(): unknown;
  schemaBuilder(): unknown;
  raw(...args: unknown[]): unknown;
  runner(builder: unknown): unknown;
  prepBindings(bindings: unknown): unknown[];
  _escapeBinding(value: unknown, context: { timeZone?: string }): string;
}

type KnexConstructor = new (...args: unknown[]) => KnexClient;
type Knex = ((options: { client: unknown; useNullAsDefault?: boolean }) => { client: KnexClient }) & { knex?: Knex };

/** Node loads it from the project of the migrations: db-manager has none. */
const PACKAGE = 'knex';

/**
 * Knex: `up(knex)`. The migration gets an instance of the project's own Knex, whose queries run on the connection and in
 * the transaction of the run. https://knexjs.org/guide/migrations.html
 */
export function knexCall(fn: AuthorFunction, { file, path }: { file: string; path: string }): Call {
  const load = locateKnex(file, path);
  return async (queryInterface) => {
    const unused = unusedBuilders();
    const { sequelize } = queryInterface as { sequelize: Connection };
    const result = await fn(knexOn(load(), sequelize, unused), Promise);
    const returned = Array.isArray(result) ? await Promise.all(result.flat(Number.POSITIVE_INFINITY)) : result;
    const change = unused.first();
    if (change === undefined) return returned;
    throw new ProblemError({
      reason: 'MigrationFailed',
      message: `The function neither awaits nor returns ${change === 'raw' ? 'a query of knex.raw' : `its ${change}`}, and Knex sends only what is awaited. Write await in front of it.`,
    });
  };
}

/** Throws ProblemError InvalidMigration if the project has no Knex. Loads it only when it is used. */
function locateKnex(file: string, path: string): () => Knex {
  for (const from of [path, join(process.cwd(), 'package.json')]) {
    const require = createRequire(from);
    try {
      require.resolve(PACKAGE);
    } catch {
      continue;
    }
    return () => {
      const loaded = require(PACKAGE) as Knex & { default?: Knex };
      return loaded.knex ?? loaded.default ?? loaded;
    };
  }
  return invalid(
    file,
    1,
    'This is a Knex migration, and the package knex is not installed next to it. Install it: npm install knex',
  );
}

function knexOn(create: Knex, connection: Connection, unused: UnusedBuilders) {
  const { client, useNullAsDefault, send } = DIALECTS[connection.getDialect() as Dialect];
  const Base = create({ client, useNullAsDefault: true }).client.constructor as KnexConstructor;
  const handle = {};
  class OwnClient extends Base {
    acquireConnection() {
      return Promise.resolve(handle);
    }
    releaseConnection() {
      return Promise.resolve();
    }
    destroy() {
      return Promise.resolve();
    }
    override queryBuilder() {
      return unused.watch(super.queryBuilder());
    }
    override schemaBuilder() {
      return unused.watch(super.schemaBuilder());
    }
    override raw(...args: unknown[]) {
      return unused.watch(super.raw(...args));
    }
    override runner(builder: unknown) {
      unused.used(builder);
      return super.runner(builder);
    }
    positionBindings(sql: string) {
      return sql;
    }
    /** Without the text of the statement in front of each error, which may have values. */
    query(_connection: unknown, given: string | KnexQuery) {
      const query: KnexQuery = typeof given === 'string' ? { sql: given } : given;
      const bindings = this.prepBindings(query.bindings);
      return this.send(query, withValues(this, query.sql, bindings));
    }
    stream() {
      return Promise.reject(new Error('Streams of Knex are not supported in migrations. Await the query.'));
    }
    async send(query: KnexQuery, sql: string): Promise<KnexQuery> {
      return send(connection, query, sql).catch((error: { original?: unknown }) => {
        // The error of the driver, as Knex has it: migrations look at its code.
        throw error.original ?? error;
      });
    }
  }
  return create({ client: OwnClient, useNullAsDefault });
}

/** The bindings as literals of the dialect, by Knex itself: `?` is one, `\\?` is a question mark. */
function withValues(client: KnexClient, sql: string, bindings: unknown[] = []): string {
  let at = 0;
  return sql.replace(/\\?\?/g, (mark) => {
    if (mark === '\\?') return '?';
    return at < bindings.length ? client._escapeBinding(bindings[at++], {}) : mark;
  });
}

async function sendToPostgres(connection: Connection, query: KnexQuery, sql: string): Promise<KnexQuery> {
  const [rows, result] = await connection.query(sql, { raw: true });
  const list = Array.isArray(rows) ? rows : [];
  const own = typeof result === 'object' && result !== null ? result : {};
  query.response = Array.isArray(result) ? result : { rowCount: list.length, ...own, rows: list };
  return query;
}

/** Writes without RETURNING: Knex asks for their effect, which the connection knows. */
const WRITES = new Set(['insert', 'update', 'del', 'counter']);

async function sendToSqlite(connection: Connection, query: KnexQuery, sql: string): Promise<KnexQuery> {
  // Sequelize drops the rows of a statement that begins with INSERT INTO, and returns no rows for this pragma.
  const text = /^PRAGMA\s+foreign_keys(?:\s*;)?$/i.test(sql.trim())
    ? 'SELECT foreign_keys FROM pragma_foreign_keys'
    : query.returning === undefined
      ? sql
      : `/* RETURNING */ ${sql}`;
  const [rows] = await connection.query(text, { raw: true });
  query.response = Array.isArray(rows) ? rows : [];
  query.context = {};
  if (query.returning !== undefined || !WRITES.has(query.method ?? '')) return query;
  const [effect] = await connection.query('SELECT changes() AS changes, last_insert_rowid() AS lastID', { raw: true });
  query.context = (Array.isArray(effect) ? effect[0] : undefined) ?? {};
  return query;
}

/** The client of Knex for each dialect, and how its queries are sent. */
const DIALECTS: Record<
  Dialect,
  {
    client: string;
    useNullAsDefault: boolean;
    send(connection: Connection, query: KnexQuery, sql: string): Promise<KnexQuery>;
  }
> = {
  postgres: { client: 'pg', useNullAsDefault: false, send: sendToPostgres },
  sqlite: { client: 'sqlite3', useNullAsDefault: true, send: sendToSqlite },
};
