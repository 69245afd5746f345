import { ProblemError } from '../../core/model/problem.ts';
import { succeeds } from '../../core/model/succeeds.ts';
import type { Savepoints, TransactionMode } from '../session.ts';
import { all, type Connection, exec, inTransaction } from './driver.ts';
import { NeedsForeignKeysOff, readViolations, refuseNewViolations, type Violations } from './foreign-keys.ts';

/**
 * The transactions of one migration connection, and its foreign keys: SQLite's pragma belongs to the connection and
 * does nothing inside a transaction, so both have to be managed together. Between migrations foreign keys are on.
 */
export interface Transactions {
  begin(mode: TransactionMode): Promise<void>;
  commit(): Promise<void>;
  rollback(): Promise<void>;
  /** Whether this attempt asked for another mode; also if the migration caught the error and continued. */
  needsForeignKeysOff(): boolean;
  /** Before each statement: one that needs another mode throws. */
  allow(sql: string): void;
  /** True if `sql` is a pragma whose effect our mode already has. */
  covers(sql: string): boolean;
  /** An operation of several statements, atomic. See `Workbench`. */
  atomically<T>(withForeignKeysOff: boolean, work: () => Promise<T>): Promise<T>;
  /** Several migrations in one transaction: a commit writes to the disk four times. */
  marks: Savepoints;
  /** Before a history row: the migration's own transaction still exists, and it left no other transaction open. */
  settle(): Promise<void>;
}

export function transactionsOn(connection: Connection): Transactions {
  let open: TransactionMode | undefined;
  let needed = false;
  let before: Violations = new Map();
  let release = '';
  /** A migration outside a transaction has set the pragma. */
  let changed = false;

  const foreignKeys = (on: boolean) => exec(connection, `PRAGMA foreign_keys = ${on ? 'ON' : 'OFF'}`);
  const need = (): never => {
    needed = true;
    throw new NeedsForeignKeysOff();
  };
  const ended = async () => {
    const was = open;
    open = undefined;
    if (was === 'foreignKeysOff') await foreignKeys(true);
  };

  /** Node's sqlite3 does not expose autocommit, but BEGIN inside a transaction is an error. */
  const isInTransaction = async () => {
    try {
      await exec(connection, 'BEGIN');
    } catch {
      return true;
    }
    await exec(connection, 'ROLLBACK');
    return false;
  };

  const inSavepoint = async <T>(work: () => Promise<T>): Promise<T> => {
    await exec(connection, 'SAVEPOINT db_manager_alter');
    try {
      const result = await work();
      await exec(connection, 'RELEASE db_manager_alter');
      return result;
    } catch (error) {
      // A full disk ends the whole transaction; then no savepoint is left to roll back to.
      await exec(connection, 'ROLLBACK TO db_manager_alter; RELEASE db_manager_alter').catch(() => {});
      throw error;
    }
  };

  const inOwnTransaction = async <T>(off: boolean, work: () => Promise<T>): Promise<T> => {
    const [row] = await all<{ foreign_keys: 0 | 1 }>(connection, 'PRAGMA foreign_keys');
    if (off) await foreignKeys(false);
    try {
      return await inTransaction(connection, async () => {
        const found = off ? await readViolations(connection) : before;
        const result = await work();
        if (off) await refuseNewViolations(connection, found);
        return result;
      });
    } finally {
      if (off && row?.foreign_keys === 1) await foreignKeys(true);
    }
  };

  return {
    async begin(mode) {
      needed = false;
      release = '';
      if (changed) await foreignKeys(true);
      changed = false;
      if (mode === 'foreignKeysOff') await foreignKeys(false);
      open = mode;
      try {
        await exec(connection, 'BEGIN IMMEDIATE');
        if (mode === 'foreignKeysOff') before = await readViolations(connection);
      } catch (error) {
        await exec(connection, 'ROLLBACK').catch(() => {});
        await ended();
        throw error;
      }
    },
    async commit() {
      if (needed && open === 'normal') throw new NeedsForeignKeysOff();
      if (open === 'foreignKeysOff') await refuseNewViolations(connection, before);
      await exec(connection, 'COMMIT');
      await ended();
    },
    async rollback() {
      await exec(connection, 'ROLLBACK').catch(() => {});
      await ended().catch(() => {});
    },
    needsForeignKeysOff: () => needed,
    allow(sql) {
      const pragma = foreignKeysPragma(sql);
      if (open === undefined) {
        changed ||= pragma !== undefined;
        return;
      }
      if (pragma === 'off' && open === 'normal') need();
    },
    covers: (sql) => open !== undefined && foreignKeysPragma(sql) !== undefined,
    async atomically(withForeignKeysOff, work) {
      if (open === 'normal' && withForeignKeysOff) return need();
      if (open !== undefined) return inSavepoint(work);
      if (!(await isInTransaction())) return inOwnTransaction(withForeignKeysOff, work);
      const [row] = await all<{ foreign_keys: 0 | 1 }>(connection, 'PRAGMA foreign_keys');
      if (withForeignKeysOff && row?.foreign_keys === 1) {
        throw new ProblemError({
          reason: 'MigrationFailed',
          message:
            'A table that other tables reference cannot be rebuilt inside a transaction that the migration opened. Remove that transaction, so that db-manager can run the migration in its own one.',
        });
      }
      return inSavepoint(work);
    },
    marks: {
      async allowed() {
        const [row] = await all<{ n: number }>(
          connection,
          "SELECT count(*) AS n FROM sqlite_schema WHERE sql LIKE '%deferr%'",
        );
        return row?.n === 0;
      },
      async set() {
        await exec(connection, `${release}SAVEPOINT db_manager_migration`);
        release = '';
      },
      keep() {
        // Sent with the next savepoint; COMMIT does not need it.
        release = 'RELEASE db_manager_migration;';
      },
      async back() {
        needed = false;
        return succeeds(exec(connection, 'ROLLBACK TO db_manager_migration; RELEASE db_manager_migration'));
      },
    },
    async settle() {
      const inside = await isInTransaction();
      if (open !== undefined && !inside) {
        throw new ProblemError({
          reason: 'MigrationFailed',
          message: 'The transaction ended before the migration did, so a part of its changes may be lost or kept.',
        });
      }
      if (open !== undefined) return;
      if (inside) {
        await exec(connection, 'ROLLBACK');
        throw new ProblemError({
          reason: 'MigrationFailed',
          message: 'The migration left a transaction open, which was rolled back. End it with COMMIT.',
        });
      }
      if (changed) await foreignKeys(true);
      changed = false;
    },
  };
}

const LEADING = /^(?:\s|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/|;)*/;

function foreignKeysPragma(sql: string): 'on' | 'off' | undefined {
  const pattern = /^PRAGMA\s+(?:"?main"?\s*\.\s*)?"?foreign_keys"?\s*[=(]\s*['"]?(\w+)/i;
  const value = pattern.exec(sql.replace(LEADING, ''))?.[1]?.toLowerCase();
  if (value === undefined) return undefined;
  return ['off', '0', 'no', 'false'].includes(value) ? 'off' : 'on';
}
