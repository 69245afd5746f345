import pg from 'pg';
import type { Sequelize } from 'sequelize';
import sqlite3 from 'sqlite3';
import type { Snapshot } from '../../src/core/model/snapshot.ts';
import { openDatabase } from '../../src/database/open.ts';
import type { Database } from '../../src/database/port.ts';
import { targetOf } from '../engine/request.ts';
import { type TestDialect, temporaryDatabase } from '../support/databases.ts';

const TIMEOUTS = { connect: 5_000, lock: 5_000, statement: 0, run: 0 };

export interface Ground {
  database: Database;
  sequelize: Sequelize;
  /** Runs a script of statements, each ended by a semicolon at the end of a line. */
  run(sql: string): Promise<void>;
  snapshot(): Promise<Snapshot>;
  /** How many queries the driver is given while `work` runs. */
  queriesOf(work: () => Promise<unknown>): Promise<number>;
  close(): Promise<void>;
}

/** An open, empty database of the dialect. */
export async function openGround(dialect: TestDialect, schemas?: string[]): Promise<Ground> {
  const { url, drop } = await temporaryDatabase(dialect);
  const target = targetOf(url);
  const database = await openDatabase(target.dialect === 'postgres' && schemas ? { ...target, schemas } : target, {
    timeouts: TIMEOUTS,
    applicationName: 'test',
    create: true,
  });
  const sequelize = database.sequelize as Sequelize;
  return {
    database,
    sequelize,
    async run(given) {
      const sql = target.dialect === 'postgres' ? await asFarAsKnown(sequelize, given) : given;
      for (const statement of sql.split(/;\s*$/m)) if (statement.trim() !== '') await sequelize.query(statement);
    },
    snapshot: () => database.snapshot(),
    queriesOf: (work) => queriesOf(dialect, work),
    async close() {
      await database.close();
      await drop();
    },
  };
}

/** The methods of the two drivers by which a schema is read. */
const DRIVERS = {
  sqlite: { owner: sqlite3.Database.prototype as unknown as Callable, method: 'all' },
  postgres: { owner: pg.Client.prototype as unknown as Callable, method: 'query' },
} as const;

type Callable = Record<string, (...args: unknown[]) => unknown>;

export async function queriesOf(dialect: TestDialect, work: () => Promise<unknown>): Promise<number> {
  const { owner, method } = DRIVERS[dialect];
  const original = owner[method];
  if (original === undefined) throw new Error(`the driver has no ${method}`);
  let queries = 0;
  owner[method] = function (...args: unknown[]) {
    queries += 1;
    return original.apply(this, args);
  };
  try {
    await work();
  } finally {
    owner[method] = original;
  }
  return queries;
}

/** Without what PostgreSQL 15 brought, on a server that is older. */
async function asFarAsKnown(sequelize: Sequelize, sql: string): Promise<string> {
  const [rows] = await sequelize.query("SELECT current_setting('server_version_num')::int AS version");
  const [{ version = 0 } = {}] = rows as { version?: number }[];
  if (version >= 150_000) return sql;
  return sql.replaceAll(' NULLS NOT DISTINCT', '').replaceAll(/ON DELETE SET NULL \([^)]*\)/g, 'ON DELETE SET NULL');
}
