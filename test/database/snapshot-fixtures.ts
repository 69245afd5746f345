import type { Sequelize } from 'sequelize';
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
  /** How many queries Sequelize sends while `work` runs. */
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
    async queriesOf(work) {
      const { options } = sequelize as unknown as { options: { logging: false | (() => void) } };
      let queries = 0;
      options.logging = () => {
        queries += 1;
      };
      await work();
      options.logging = false;
      return queries;
    },
    async close() {
      await database.close();
      await drop();
    },
  };
}

/** Without what PostgreSQL 15 brought, on a server that is older. */
async function asFarAsKnown(sequelize: Sequelize, sql: string): Promise<string> {
  const [rows] = await sequelize.query("SELECT current_setting('server_version_num')::int AS version");
  const [{ version = 0 } = {}] = rows as { version?: number }[];
  if (version >= 150_000) return sql;
  return sql.replaceAll(' NULLS NOT DISTINCT', '').replaceAll(/ON DELETE SET NULL \([^)]*\)/g, 'ON DELETE SET NULL');
}
