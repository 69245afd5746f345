import type { QueryOptions, Sequelize } from 'sequelize';
import { type Variables, withVariables } from '../../author/environment.ts';
import { variablesOfTargets } from '../../author/target-variables.ts';
import type { LoadedMigration } from '../../core/model/migration.ts';
import { withIdleTimeout } from '../../migrations/statements/idle-timeout.ts';
import type { Recorded } from '../../migrations/statements/read.ts';
import { MOST_STATEMENTS, type Recorder, recorder } from '../../migrations/statements/record.ts';

/**
 * The statements that code would send to PostgreSQL, without a server: Sequelize generates the SQL as usual, and every
 * query is recorded and returns no rows. Code that needs a result fails at that point, and code that reads the columns
 * of a table may behave differently if there are some: not all of their statements are known.
 */
export async function recordWithoutServer(
  folder: string,
  migrations: readonly LoadedMigration[],
): Promise<ReadonlyMap<string, Recorded>> {
  const all = new Map<string, Recorded>();
  const code = migrations.filter(({ up }) => up.kind === 'code');
  if (code.length === 0) return all;
  const { Sequelize } = await import('sequelize');
  for (const migration of code) {
    const heard = recorder(folder, MOST_STATEMENTS);
    for (const [revision, what] of await withIdleTimeout(heard, run(migration, heard, Sequelize)))
      all.set(revision, what);
  }
  return all;
}

async function run(migration: LoadedMigration, { begin, sent, complete }: Recorder, Constructor: typeof Sequelize) {
  begin(migration);
  const sequelize = deaf(Constructor, sent);
  const queryInterface = sequelize.getQueryInterface();
  let asked = false;
  const describeTable = async () => {
    asked = true;
    return {};
  };
  // Sequelize checks that the column exists and reads its type, but then needs neither.
  const { queryGenerator } = queryInterface as unknown as {
    queryGenerator: { renameColumnQuery(table: unknown, before: string, attributes: object): string };
  };
  const renameColumn = (table: unknown, before: string, after: string, options?: QueryOptions) =>
    sequelize.query(queryGenerator.renameColumnQuery(table, before, { [after]: '' }), options);
  try {
    const interfaceThatKnowsNothing = Object.assign(queryInterface, { describeTable, renameColumn });
    const { up } = migration;
    if (up.kind === 'code') await withVariables(nothing(), () => up.call(interfaceThatKnowsNothing, Constructor));
    if (!asked) complete();
  } catch {
    // The migration stays marked as incomplete, and this is reported.
  }
}

/** No variable leads to the target. The code has no other database that one could lead to. */
function nothing(): Variables {
  return Object.fromEntries(['DATABASE_URL', ...variablesOfTargets(process.env)].map((name) => [name, undefined]));
}

/** A Sequelize that connects to nothing. */
function deaf(Constructor: typeof Sequelize, sent: (sql: string) => void): Sequelize {
  const sequelize = new Constructor({ dialect: 'postgres', logging: false });
  // After CREATE TYPE Sequelize reads the OID of the new type from the server.
  const { connectionManager } = sequelize as unknown as { connectionManager: object };
  Object.assign(connectionManager, { _refreshDynamicOIDs: async () => {} });
  const transaction = { commit: async () => {}, rollback: async () => {}, afterCommit: () => {} };
  return Object.assign(sequelize, {
    query: async (sql: string | { query: string }, options: QueryOptions = {}) => {
      sent(typeof sql === 'string' ? sql : sql.query);
      return answer(options);
    },
    transaction: async (first?: unknown, second?: unknown) => {
      const work = typeof first === 'function' ? first : second;
      return typeof work === 'function' ? work(transaction) : transaction;
    },
  });
}

/** No rows, in the shape of the result of that kind of query. */
function answer({ type, plain }: QueryOptions): unknown {
  if (plain === true) return null;
  switch (type) {
    case undefined:
    case 'RAW':
      return [[], {}];
    case 'INSERT':
    case 'UPSERT':
      return [[], 0];
    case 'UPDATE':
    case 'BULKUPDATE':
      return [undefined, 0];
    default:
      return [];
  }
}
