import { join } from 'node:path';
import pg from 'pg';
import sqlite3 from 'sqlite3';
import type { DatabaseMigration } from '../../src/core/model/resource.ts';
import { type PrivatePostgres, sharedPostgres, TEST_PASSWORD, TEST_USER } from '../support/postgres.ts';
import type { Ground } from './operator-fixtures.ts';

/** Migrations that leave a row in a ledger, so that a test can count how often each has really run. */
export const LEDGER = {
  '1_ledger.sql': [
    '-- migrate:up',
    'CREATE TABLE ledger (migration text NOT NULL);',
    "INSERT INTO ledger VALUES ('1_ledger');",
    '-- migrate:down',
    'DROP TABLE ledger;',
  ].join('\n'),
  '2_orders.sql': [
    '-- migrate:up',
    'CREATE TABLE orders (id integer PRIMARY KEY, symbol text NOT NULL, price numeric(20, 8) NOT NULL);',
    "INSERT INTO ledger VALUES ('2_orders');",
    '-- migrate:down',
    'DROP TABLE orders;',
    "DELETE FROM ledger WHERE migration = '2_orders';",
  ].join('\n'),
};

/**
 * A migration that takes some seconds, on either database. SQLite cannot sleep, it can only calculate: only in the
 * database itself, not in a scratch copy, which a rehearsal would fill with it too.
 */
export function slow(name: string, dialect: 'sqlite' | 'postgres', seconds = 3): Record<string, string> {
  const isCopy = "EXISTS (SELECT 1 FROM pragma_database_list WHERE file LIKE '%db-manager-scratch-%')";
  const count = `CASE WHEN ${isCopy} THEN 1 ELSE ${seconds * 3_000_000} END`;
  const work = {
    postgres: `SELECT pg_sleep(${seconds});`,
    sqlite: `CREATE TABLE slow_${name} AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < (${count})) SELECT max(x) AS x FROM n;`,
  };
  return {
    [`${name}.sql`]: [
      '-- migrate:up',
      `INSERT INTO ledger VALUES ('${name}');`,
      work[dialect],
      '-- migrate:down',
      `DELETE FROM ledger WHERE migration = '${name}';`,
      dialect === 'sqlite' ? `DROP TABLE slow_${name};` : '',
    ].join('\n'),
  };
}

export const configMap = (name: string, data: Record<string, string>) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data,
});

export const claim = (name: string) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
});

export const secret = (name: string, stringData: Record<string, string>) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name },
  stringData,
});

/** A resource for a SQLite file on the claim `bot`, with migrations from the ConfigMap of its name. */
export const sqliteMigration = (name: string, spec: object = {}, metadata: object = {}) =>
  migration(name, { database: { sqlite: { volume: { claimName: 'bot' }, path: `${name}.db` } }, ...spec }, metadata);

export function migration(name: string, spec: object, metadata: object = {}) {
  return {
    apiVersion: 'db-manager.dev/v1alpha1',
    kind: 'DatabaseMigration',
    metadata: { name, ...metadata },
    spec: {
      migrations: { configMaps: [{ name }] },
      backup: { volume: { claimName: 'backups' } },
      retry: { backoff: '1s', maxBackoff: '2s' },
      ...spec,
    },
  };
}

/** A new database on the shared server, and the part of a spec that names it; its password is in the Secret `postgres`. */
export async function postgresDatabase(prefix: string) {
  const server: PrivatePostgres = await sharedPostgres();
  const { name } = await server.createDatabase(prefix);
  const spec = {
    database: {
      postgres: {
        host: server.host,
        port: server.port,
        database: name,
        user: TEST_USER,
        sslMode: 'disable',
        passwordFrom: { secretKeyRef: { name: 'postgres', key: 'password' } },
      },
    },
  };
  const rows = (sql: string) => server.query<Record<string, unknown>>(sql, [], name);
  const url = server.url(name);
  /** Locks a table against readers; returns how to release it. */
  const lock = async (table: string) => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(`BEGIN; LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
    return () => client.end();
  };
  return { name, spec, rows, url, lock };
}

/** What resources of a namespace share. */
export async function furnish(ground: Ground): Promise<void> {
  await ground.apply(claim('bot'), claim('backups'), secret('postgres', { password: TEST_PASSWORD }));
}

export function condition({ status }: DatabaseMigration, type: string) {
  return status?.conditions?.find((each) => each.type === type);
}

export function reasonOf(resource: DatabaseMigration): string | undefined {
  return condition(resource, 'Ready')?.reason;
}

/** The names in the ledger of a resource made by `sqliteMigration`, in order of insertion; none where it has no table. */
export async function sqliteLedger(ground: Ground, name: string): Promise<string[]> {
  const folder = await ground.agent.claimFolder({ namespace: ground.namespace, name: 'bot' });
  return new Promise((resolve, reject) => {
    const database = new sqlite3.Database(join(folder, `${name}.db`), sqlite3.OPEN_READONLY);
    database.all<{ migration: string }>('SELECT migration FROM ledger ORDER BY rowid', (error, rows) => {
      database.close();
      if (error) reject(error);
      else resolve(rows.map(({ migration }) => migration));
    });
  });
}
