import type { OwnTables } from '../../core/model/history.ts';
import { IDLE_REASONS, KEPT_RUNS } from '../../core/model/run-record.ts';
import type { RunStore } from '../port.ts';
import { fromRow, type RunRow, toRow } from '../run-row.ts';
import { all, type Connection, exec, inTransaction, quoteIdentifier, run, tableExists } from './driver.ts';

/** Next to the history. */
export function runStore(connection: Connection, own: OwnTables): RunStore {
  const table = quoteIdentifier(own.runs);
  const exists = (name: string) => tableExists(connection, name);
  const together = (work: () => Promise<void>) =>
    inTransaction(connection, async () => {
      await exec(
        connection,
        `CREATE TABLE IF NOT EXISTS ${table} (
  sequence INTEGER PRIMARY KEY,
  run_id TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  started_at TEXT NOT NULL,
  state TEXT NOT NULL,
  reason TEXT,
  detail TEXT NOT NULL
)`,
      );
      await work();
    });
  const markLost = () => exec(connection, `UPDATE ${table} SET state = 'lost' WHERE state = 'running'`);
  return {
    exists: async () => (await exists(own.history)) || exists(own.runs),
    start: (record) =>
      together(async () => {
        await markLost();
        const { state, detail } = toRow(record);
        await run(
          connection,
          `INSERT INTO ${table} (run_id, attempt, started_at, state, detail) VALUES (?, ?, ?, ?, ?)`,
          [record.runId, record.attempt, record.startedAt, state, detail],
        );
      }),
    async hasRunning() {
      if (!(await exists(own.runs))) return false;
      return (await all(connection, `SELECT 1 FROM ${table} WHERE state = 'running' LIMIT 1`)).length === 1;
    },
    markLost: () => together(markLost),
    finish: (record) =>
      together(async () => {
        const { state, detail } = toRow(record);
        const { runId, attempt, startedAt, reason = null } = record;
        const updated = await all(
          connection,
          `UPDATE ${table} SET state = ?, reason = ?, detail = ? WHERE run_id = ? AND attempt = ? AND state <> 'ended' RETURNING 1`,
          [state, reason, detail, runId, attempt],
        );
        if (updated.length === 0) {
          await run(
            connection,
            `INSERT INTO ${table} (run_id, attempt, started_at, state, reason, detail) VALUES (?, ?, ?, ?, ?, ?)`,
            [runId, attempt, startedAt, state, reason, detail],
          );
        }
        const tooMany = (condition: string, limit: number) =>
          `DELETE FROM ${table} WHERE sequence IN (SELECT sequence FROM ${table} WHERE ${condition} ORDER BY sequence DESC LIMIT -1 OFFSET ${limit})`;
        const idle = `reason IN (${IDLE_REASONS.map((one) => `'${one}'`).join(', ')})`;
        await exec(connection, tooMany(idle, KEPT_RUNS.idle));
        await exec(connection, tooMany('true', KEPT_RUNS.all));
      }),
    async list() {
      if (!(await exists(own.runs))) return [];
      const rows = await all<RunRow>(connection, `SELECT state, detail FROM ${table} ORDER BY sequence DESC`);
      return rows.map(fromRow);
    },
  };
}
