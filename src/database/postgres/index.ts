/**
 * PostgreSQL. `connection` opens, `migrate` is a session for the loop in `../umzug.ts`, `lock` is the one writer.
 * The files have the same names as SQLite's. What a command that has nothing to do does not need is loaded when it is used.
 */
import { CAPABILITIES } from '../../core/model/dialect.ts';
import { ownTables } from '../../core/model/history.ts';
import type { PostgresTarget } from '../../core/model/target.ts';
import type { Database, DumpOptions, OpenDatabase, OpenOptions } from '../port.ts';
import { baselineStore } from './baseline.ts';
import { connect } from './connection.ts';
import { mapErrors } from './errors.ts';
import { historyStore } from './history.ts';
import { lock } from './lock.ts';
import { runStore } from './runs.ts';
import { countRows, countValues, sizeBytes, tableSizes } from './size.ts';
import { storedCode } from './stored-code.ts';
import { objects, preparedTransactions, toolTables } from './tool-tables.ts';

export async function openPostgres(
  target: PostgresTarget,
  options: OpenOptions,
  /** Opens a scratch copy, which may be on another server. */
  openDatabase: OpenDatabase,
): Promise<Database> {
  const open = await connect(target, options);
  const { identity } = open;
  const { schemas } = target;
  const own = ownTables(target);
  // A backup without its history could not be migrated after a restore.
  const withHistory = (wanted: DumpOptions): DumpOptions =>
    wanted.schemas && target.history?.schema
      ? {
          ...wanted,
          schemas: [...new Set([...wanted.schemas, target.history.schema])],
        }
      : wanted;
  return mapErrors<Database>({
    dialect: 'postgres',
    can: CAPABILITIES.postgres,
    identity,
    get sequelize() {
      return open.sequelize;
    },
    // With the current connection each time: a restore replaces it.
    get history() {
      return mapErrors(historyStore(open.client, target));
    },
    get runs() {
      return mapErrors(runStore(open.client, target));
    },
    baseline: mapErrors(baselineStore(open)),
    snapshot: async () => (await import('./snapshot.ts')).snapshot(open.client, { schemas, own: own.names }),
    sameExpressions: async (doubts) => (await import('./same-expressions.ts')).sameExpressions(open.client, doubts),
    storedCode: () => storedCode(open.client),
    otherSchemas: async () => (await import('./checks-schemas.ts')).otherSchemas(open),
    lock: (wanted) => lock(open, wanted),
    async migrate(work) {
      const [{ openSession }, { migrateWithUmzug }] = await Promise.all([
        import('./migrate.ts'),
        import('../umzug.ts'),
      ]);
      const session = await openSession(open, work);
      try {
        return await migrateWithUmzug(work, session);
      } finally {
        await session.close();
      }
    },
    checks: async (context) => (await import('./checks.ts')).checks(open, context),
    sizeBytes: () => sizeBytes(open.client),
    tableSizes: () => tableSizes(open.client, schemas, own.names),
    rowCounts: () => countRows(open.client, schemas, own.names),
    countValues: (table, column) => countValues(open.client, schemas, table, column),
    isTrue: async (condition, ms) => (await import('./is-true.ts')).isTrue(open, condition, ms),
    dump: async (file, wanted) => (await import('./dump.ts')).dump(open, file, withHistory(wanted)),
    dumpStream: async (take, wanted) => (await import('./dump.ts')).dump(open, take, withHistory(wanted)),
    checkDump: async (file, _format, wanted) => (await import('./dump.ts')).checkDump(file, wanted),
    restore: async (backup, wanted) => (await import('./restore.ts')).restore(open, backup, wanted),
    keptDatabases: async () => (await import('./kept-databases.ts')).keptDatabases(open),
    dropKept: async (name) => (await import('./kept-databases.ts')).dropKept(open, name),
    createScratch: async (from, wanted) =>
      (await import('./scratch.ts')).createScratch(open, from, wanted, openDatabase),
    prepareScratch: async (wanted) => (await import('./scratch.ts')).prepareScratch(open, wanted),
    dropStaleScratches: async (onMessage) => (await import('./scratch.ts')).dropStaleScratches(open, onMessage),
    toolTables: (names) => toolTables(open.client, names),
    preparedTransactions: (wanted) => preparedTransactions(open.client, wanted),
    objects: () => objects(open),
    watch: async () => (await import('./watch.ts')).watch(open),
    dial: (parameters, wanted) => open.dial(parameters, wanted),
    async close() {
      await open.closeSequelize();
      await open.client.end();
    },
  });
}
