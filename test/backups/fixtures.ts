/** What the tests of backups share: open databases, seeded with deterministic rows, and a hash of all their content. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import pg from 'pg';
import sqlite3 from 'sqlite3';
import type { TakeOptions } from '../../src/backups/take.ts';
import { parseDatabaseUrl } from '../../src/core/model/database-url.ts';
import type { DatabaseTarget } from '../../src/core/model/target.ts';
import { openDatabase } from '../../src/database/open.ts';
import type { Database } from '../../src/database/port.ts';
import { type TestDialect, temporaryDatabase, temporaryFolder } from '../support/databases.ts';

export interface Ground {
  db: Database;
  url: string;
  target: DatabaseTarget;
  /** An empty folder for backups. */
  folder: string;
  /** Runs SQL as another program would, on a connection of its own. */
  sql(text: string): Promise<void>;
  /** Of every table's definition and rows. */
  contentHash(): Promise<string>;
  close(): Promise<void>;
}

export function targetOf(url: string): DatabaseTarget {
  const parsed = parseDatabaseUrl(url);
  if (!parsed.ok) throw new Error(parsed.problem.message);
  return parsed.target;
}

export function openTarget(target: DatabaseTarget, create = false): Promise<Database> {
  return openDatabase(target, {
    timeouts: { connect: 10_000, lock: 5_000, statement: 0, run: 0 },
    applicationName: 'db-manager test',
    create,
  });
}

export async function ground(dialect: TestDialect, rows = 200): Promise<Ground> {
  const { url, drop } = await temporaryDatabase(dialect);
  const target = targetOf(url);
  const db = await openTarget(target, true);
  const sql = (text: string) => runSql(target, text);
  if (rows > 0) await sql(seed(dialect, rows));
  return {
    db,
    url,
    target,
    folder: join(await temporaryFolder('backups'), 'backups'),
    sql,
    contentHash: () => contentHashOf(target),
    async close() {
      await db.close();
      await drop();
    },
  };
}

export const OPTIONS: TakeOptions = {
  revision: '20240601120000_add_orders',
  toolVersion: '0.0.0-test',
  compression: 'auto',
  now: new Date('2026-06-01T12:00:00Z'),
};

/** PostgreSQL: a table that makes a dump so large that it is restored with several connections. */
export const LARGE_TABLE = `CREATE TABLE large AS SELECT n, (SELECT decode(string_agg(md5((n * 4096 + k)::text), ''), 'hex')
  FROM generate_series(1, 4096) k) AS bytes FROM generate_series(1, 80) n`;

/** Two tables with a foreign key, an index, a view; rows with 1 KiB of bytes that compress badly and differ by row. */
function seed(dialect: TestDialect, rows: number): string {
  const tables = (bytes: string, id: string) => `
    CREATE TABLE customers (id ${id}, name TEXT NOT NULL UNIQUE);
    CREATE TABLE orders (id ${id}, customer_id INTEGER NOT NULL REFERENCES customers(id) ON DELETE CASCADE,
      note TEXT DEFAULT 'it''s', payload ${bytes});
    CREATE INDEX orders_by_customer ON orders(customer_id);
    CREATE VIEW busy AS SELECT customer_id, count(*) AS n FROM orders GROUP BY customer_id;`;
  switch (dialect) {
    case 'sqlite':
      return `PRAGMA journal_mode = WAL; ${tables('BLOB', 'INTEGER PRIMARY KEY')} BEGIN;
        INSERT INTO customers WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50) SELECT i, 'customer ' || i FROM n;
        INSERT INTO orders WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
          SELECT i, 1 + i % 50, 'order ' || i, CAST(${Array.from({ length: 64 }, (_, k) => `printf('%016x', (i * 2654435761 + ${k} * 40503) * 97)`).join(' || ')} AS BLOB) FROM n;
        COMMIT;`;
    case 'postgres':
      return `${tables('BYTEA', 'INTEGER PRIMARY KEY')}
        INSERT INTO customers SELECT i, 'customer ' || i FROM generate_series(1, 50) i;
        INSERT INTO orders SELECT i, 1 + i % 50, 'order ' || i,
          (SELECT string_agg(decode(md5(i || ' ' || k), 'hex'), '') FROM generate_series(1, 64) k) FROM generate_series(1, ${rows}) i;`;
  }
}

export async function runSql(target: DatabaseTarget, text: string): Promise<void> {
  if (target.dialect === 'sqlite') {
    await withSqlite(
      target.path,
      (file) => new Promise<void>((done, fail) => file.exec(text, (e) => (e ? fail(e) : done()))),
    );
  } else {
    await withPostgres(target, (client) => client.query(text));
  }
}

export async function contentHashOf(target: DatabaseTarget, withoutRowsOf: string[] = []): Promise<string> {
  const hash = createHash('sha256');
  const add = (value: unknown) => hash.update(`${JSON.stringify(value)}\n`);
  if (target.dialect === 'sqlite') {
    await withSqlite(target.path, async (file) => {
      const all = (text: string) =>
        new Promise<Record<string, unknown>[]>((done, fail) =>
          file.all<Record<string, unknown>>(text, (error, rows) => (error ? fail(error) : done(rows))),
        );
      const objects = await all('SELECT type, name, sql FROM sqlite_master ORDER BY name');
      add(objects);
      for (const { name } of objects.filter(
        ({ type, name }) => type === 'table' && !withoutRowsOf.includes(String(name)),
      )) {
        await new Promise<void>((done, fail) =>
          file.each(
            `SELECT * FROM "${name}" ORDER BY 1`,
            (error: Error | null, row: unknown) => (error ? fail(error) : add(row)),
            (error) => (error ? fail(error) : done()),
          ),
        );
      }
    });
  } else {
    await withPostgres(target, async (client) => {
      const relations = await client.query(
        `SELECT c.relname, c.relkind, n.nspname, pg_get_userbyid(c.relowner), c.relacl::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
          WHERE n.nspname NOT LIKE 'pg!_%' ESCAPE '!' AND n.nspname <> 'information_schema' ORDER BY 3, 1`,
      );
      add(relations.rows);
      const columns = await client.query(
        `SELECT table_schema, table_name, column_name, data_type, column_default, is_nullable FROM information_schema.columns
          WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2, ordinal_position`,
      );
      add(columns.rows);
      const constraints = await client.query<{ conname: string; text: string }>(
        'SELECT conname, pg_get_constraintdef(oid) AS text FROM pg_constraint WHERE connamespace > 16000 OR connamespace = 2200 ORDER BY 1',
      );
      add(constraints.rows.map(({ conname, text }) => [conname, withoutCasts(text)]));
      const tables = relations.rows.filter(
        ({ relkind, relname }) => relkind === 'r' && !withoutRowsOf.includes(relname),
      );
      for (const { relname, nspname } of tables) {
        const rows = await client.query(
          `SELECT count(*), md5(string_agg(md5(t::text), '' ORDER BY t::text)) FROM ${pg.escapeIdentifier(nspname)}.${pg.escapeIdentifier(relname)} t`,
        );
        add([relname, rows.rows]);
      }
      add(
        (
          await client
            .query('SELECT loid, pageno, md5(data) FROM pg_largeobject ORDER BY 1, 2')
            .catch(() => ({ rows: [] }))
        ).rows,
      );
    });
  }
  return hash.digest('hex');
}

/** PostgreSQL reads its own `(ARRAY['a'::character varying])::text[]` back as `ARRAY[('a'::character varying)::text]`. */
function withoutCasts(definition: string): string {
  return definition.replace(/::(?:character varying|text)(?:\[\])?|[()]/g, '');
}

async function withSqlite<T>(path: string, use: (file: sqlite3.Database) => Promise<T>): Promise<T> {
  const file = await new Promise<sqlite3.Database>((done, fail) => {
    const opened = new sqlite3.Database(path, (error) => (error ? fail(error) : done(opened)));
  });
  file.configure('busyTimeout', 5_000);
  try {
    return await use(file);
  } finally {
    await new Promise((done) => file.close(done));
  }
}

export async function withPostgres<T>(
  target: DatabaseTarget,
  use: (client: pg.Client) => Promise<T>,
  options: pg.ClientConfig = {},
): Promise<T> {
  if (target.dialect !== 'postgres') throw new Error('no PostgreSQL');
  const client = new pg.Client({
    host: target.host,
    port: target.port,
    database: target.database,
    user: target.user,
    password: target.password?.reveal(),
    ...options,
  });
  client.on('error', () => {});
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end().catch(() => {});
  }
}
