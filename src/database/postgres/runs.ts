import { ownTables } from '../../core/model/history.ts';
import { IDLE_REASONS, KEPT_RUNS } from '../../core/model/run-record.ts';
import type { RunStore } from '../port.ts';
import { fromRow, type RunRow, toRow } from '../run-row.ts';
import type { Client } from './driver.ts';
import { type HistoryPlace, historyTable, TAKE_TURNS } from './history.ts';
import { inTransaction, qualified, tableExists } from './queries.ts';

/** Next to the history. */
export function runStore(client: Client, place: HistoryPlace): RunStore {
  const { schema, runs } = ownTables(place);
  const table = qualified(schema, runs);
  const exists = (name: string) => tableExists(client, name);
  const ensure = async () => {
    if (await exists(table)) return;
    await inTransaction(client, async () => {
      await client.query(TAKE_TURNS);
      await client.query(`CREATE TABLE IF NOT EXISTS ${table} (
        sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        run_id text NOT NULL,
        attempt integer NOT NULL,
        started_at timestamptz NOT NULL,
        state text NOT NULL,
        reason text,
        detail text NOT NULL
      )`);
    });
  };
  const markLost = async () => {
    await client.query(`UPDATE ${table} SET state = 'lost' WHERE state = 'running'`);
  };
  return {
    exists: async () => (await exists(historyTable(place))) || exists(table),
    async start(record) {
      await ensure();
      await markLost();
      const { state, detail } = toRow(record);
      await client.query(
        `INSERT INTO ${table} (run_id, attempt, started_at, state, detail) VALUES ($1, $2, $3, $4, $5)`,
        [record.runId, record.attempt, record.startedAt, state, detail],
      );
    },
    async hasRunning() {
      if (!(await exists(table))) return false;
      return (await client.query(`SELECT 1 FROM ${table} WHERE state = 'running' LIMIT 1`)).rowCount === 1;
    },
    markLost,
    async finish(record) {
      await ensure();
      const { state, detail } = toRow(record);
      const { runId, attempt, startedAt, reason = null } = record;
      const { rowCount } = await client.query(
        `UPDATE ${table} SET state = $3, reason = $4, detail = $5 WHERE run_id = $1 AND attempt = $2 AND state <> 'ended'`,
        [runId, attempt, state, reason, detail],
      );
      if (rowCount === 0) {
        await client.query(
          `INSERT INTO ${table} (run_id, attempt, started_at, state, reason, detail) VALUES ($1, $2, $3, $4, $5, $6)`,
          [runId, attempt, startedAt, state, reason, detail],
        );
      }
      const tooMany = (condition: string, limit: number) =>
        `DELETE FROM ${table} WHERE sequence IN (SELECT sequence FROM ${table} WHERE ${condition} ORDER BY sequence DESC OFFSET ${limit})`;
      const idle = `reason IN (${IDLE_REASONS.map((one) => `'${one}'`).join(', ')})`;
      await client.query(tooMany(idle, KEPT_RUNS.idle));
      await client.query(tooMany('true', KEPT_RUNS.all));
    },
    async list() {
      if (!(await exists(table))) return [];
      const { rows } = await client.query<RunRow>(`SELECT state, detail FROM ${table} ORDER BY sequence DESC`);
      return rows.map(fromRow);
    },
  };
}
