import { join } from 'node:path';
import sqlite3 from 'sqlite3';
import type { DIALECTS } from '../../support/databases.ts';
import type { Ground } from '../operator-fixtures.ts';
import { postgresDatabase } from '../operator-resources.ts';

export interface StormDatabase {
  /** The part of a spec that names it. */
  spec: object;
  /** Revisions in the order of the history; none where there is no history yet. */
  history(): Promise<{ revision: string; state: string }[]>;
  /** What each migration wrote when it really ran, in order. */
  ledger(): Promise<{ migration: string; direction: 'up' | 'down' }[]>;
}

const HISTORY = 'SELECT revision, state FROM db_manager_history ORDER BY sequence';
const LEDGER = 'SELECT migration, direction FROM ledger ORDER BY seq';

export async function stormDatabase(
  ground: Ground,
  name: string,
  dialect: (typeof DIALECTS)[number],
): Promise<StormDatabase> {
  if (dialect === 'postgres') {
    const { spec, rows } = await postgresDatabase('storm');
    const read = (sql: string) =>
      rows(sql).catch((error: unknown) => {
        if (/does not exist/.test(String(error))) return [];
        throw error;
      });
    return databaseOf(spec, read);
  }
  const spec = { database: { sqlite: { volume: { claimName: 'bot' }, path: `${name}.db` } } };
  const folder = await ground.agent.claimFolder({ namespace: ground.namespace, name: 'bot' });
  return databaseOf(spec, (sql) => sqliteRows(join(folder, `${name}.db`), sql));
}

function databaseOf(spec: object, read: (sql: string) => Promise<unknown[]>): StormDatabase {
  return {
    spec,
    history: async () => (await read(HISTORY)) as Awaited<ReturnType<StormDatabase['history']>>,
    ledger: async () => (await read(LEDGER)) as Awaited<ReturnType<StormDatabase['ledger']>>,
  };
}

function sqliteRows(file: string, sql: string): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    const database = new sqlite3.Database(file, sqlite3.OPEN_READONLY, (unopened) => {
      if (unopened) return resolve([]);
      database.all(sql, (error, rows) => {
        database.close();
        if (error === null) resolve(rows);
        else if (/no such table/.test(error.message)) resolve([]);
        else reject(error);
      });
    });
  });
}
