import type { Baseline } from '../../core/model/baseline.ts';
import { BASELINE_TABLE } from '../../core/model/baseline.ts';
import { OWN_TABLES } from '../../core/model/history.ts';
import type { BaselineStore } from '../port.ts';
import { all, type Connection, exec, run } from './driver.ts';

const CREATE = `CREATE TABLE IF NOT EXISTS ${BASELINE_TABLE} (
  only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
  taken_at TEXT NOT NULL,
  run_id TEXT NOT NULL,
  tool_version TEXT NOT NULL,
  revisions TEXT NOT NULL,
  schema TEXT NOT NULL
)`;

export function baselineStore(connection: Connection): BaselineStore {
  const there = async () => {
    const found = await all(connection, "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?", [
      BASELINE_TABLE,
    ]);
    return found.length > 0;
  };
  return {
    async read() {
      if (!(await there())) return undefined;
      const [row] = await all<Omit<Baseline, 'revisions'> & { revisions: string }>(
        connection,
        `SELECT taken_at AS takenAt, run_id AS runId, tool_version AS toolVersion, revisions, schema FROM ${BASELINE_TABLE}`,
      );
      return row && { ...row, revisions: JSON.parse(row.revisions) as Baseline['revisions'] };
    },
    async keep({ takenAt, runId, toolVersion, revisions, schema }) {
      await exec(connection, CREATE);
      await run(
        connection,
        `INSERT OR REPLACE INTO ${BASELINE_TABLE} (only_one, taken_at, run_id, tool_version, revisions, schema) VALUES (1, ?, ?, ?, ?, ?)`,
        [takenAt, runId, toolVersion, JSON.stringify(revisions), schema],
      );
    },
    async forget() {
      if (!(await there())) return false;
      await exec(connection, `DROP TABLE ${BASELINE_TABLE}`);
      return true;
    },
    schemaSql: () => schemaSql(connection),
    extensions: async () => [],
    load: (sql) => exec(connection, sql),
  };
}

/** The statements that sqlite_schema stores, tables first. Tables that a virtual table creates are created with it. */
async function schemaSql(connection: Connection): Promise<string> {
  const objects = await all<{ sql: string }>(
    connection,
    `SELECT sql FROM sqlite_schema
      WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite!_%' ESCAPE '!' AND tbl_name NOT IN (?, ?)
        AND name NOT IN (SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'shadow')
      ORDER BY CASE type WHEN 'table' THEN 0 WHEN 'index' THEN 1 WHEN 'view' THEN 2 ELSE 3 END, rowid`,
    [...OWN_TABLES],
  );
  // On a line of its own: a statement may end with a comment.
  return objects.map(({ sql }) => `${sql}\n;\n`).join('');
}
