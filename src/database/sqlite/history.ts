import { HISTORY_TABLE, type HistoryRow } from '../../core/model/history.ts';
import { ProblemError } from '../../core/model/problem.ts';
import type { HistoryStore } from '../port.ts';
import {
  all,
  type Connection,
  exec,
  finalize,
  prepare,
  quoteIdentifier,
  run,
  runPrepared,
  type Statement,
} from './driver.ts';
import { problemOf, reasonOf } from './errors.ts';

const CREATE = `CREATE TABLE IF NOT EXISTS ${HISTORY_TABLE} (
  sequence INTEGER PRIMARY KEY,
  revision TEXT NOT NULL UNIQUE,
  checksum TEXT,
  applied_at TEXT NOT NULL,
  duration_ms INTEGER NOT NULL,
  run_id TEXT NOT NULL,
  tool_version TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('applied', 'started', 'reverting'))
)`;

const PUT = `INSERT INTO ${HISTORY_TABLE} (revision, checksum, applied_at, duration_ms, run_id, tool_version, state)
VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (revision) DO UPDATE SET checksum = excluded.checksum, applied_at = excluded.applied_at,
  duration_ms = excluded.duration_ms, run_id = excluded.run_id, tool_version = excluded.tool_version, state = excluded.state`;

/** One row, on the connection and in the transaction of the caller. */
export function putRow(connection: Connection, row: HistoryRow): Promise<void> {
  const { revision, checksum, appliedAt, durationMs, runId, toolVersion, state } = row;
  return run(connection, PUT, [revision, checksum, appliedAt, durationMs, runId, toolVersion, state]);
}

/** The same, prepared once: for a session that writes many. Call `end` before the connection is closed. */
export function rowWriter(connection: Connection): { put(row: HistoryRow): Promise<void>; end(): Promise<void> } {
  let statement: Statement | undefined;
  return {
    async put({ revision, checksum, appliedAt, durationMs, runId, toolVersion, state }) {
      statement ??= await prepare(connection, PUT);
      await runPrepared(statement, [revision, checksum, appliedAt, durationMs, runId, toolVersion, state]);
    },
    async end() {
      if (statement !== undefined) await finalize(statement);
    },
  };
}

export function removeRow(connection: Connection, revision: string): Promise<void> {
  return run(connection, `DELETE FROM ${HISTORY_TABLE} WHERE revision = ?`, [revision]);
}

export function historyStore(connection: Connection): HistoryStore {
  return {
    async read() {
      const there = await all(connection, 'SELECT 1 FROM sqlite_schema WHERE type = ? AND name = ?', [
        'table',
        HISTORY_TABLE,
      ]);
      if (there.length === 0) return [];
      return all<HistoryRow>(
        connection,
        `SELECT revision, checksum, applied_at AS appliedAt, duration_ms AS durationMs, run_id AS runId,
                tool_version AS toolVersion, state FROM ${HISTORY_TABLE} ORDER BY sequence`,
      );
    },
    async foreign(table) {
      const there = await all(connection, 'SELECT 1 FROM sqlite_schema WHERE type = ? AND name = ?', ['table', table]);
      return there.length === 0 ? undefined : all(connection, `SELECT * FROM ${quoteIdentifier(table)}`);
    },
    ensure: () => exec(connection, CREATE).catch(asProblem),
    put: (rows) =>
      together(connection, async () => {
        await exec(connection, CREATE);
        for (const row of rows) await putRow(connection, row);
      }),
    remove: (revisions) =>
      together(connection, async () => {
        for (const revision of revisions) await removeRow(connection, revision);
      }),
  };
}

/** A busy database, a full disk and missing permissions are expected; any other error is a bug and is not changed. */
function asProblem(error: unknown): never {
  throw reasonOf(error) === undefined ? error : new ProblemError(problemOf(error, undefined), { cause: error });
}

async function together(connection: Connection, work: () => Promise<void>): Promise<void> {
  await exec(connection, 'BEGIN IMMEDIATE').catch(asProblem);
  try {
    await work();
    await exec(connection, 'COMMIT');
  } catch (error) {
    await exec(connection, 'ROLLBACK').catch(() => {});
    asProblem(error);
  }
}
