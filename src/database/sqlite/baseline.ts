import type { Baseline } from '../../core/model/baseline.ts';
import type { OwnTables } from '../../core/model/history.ts';
import type { BaselineStore } from '../port.ts';
import { all, type Connection, exec, quoteIdentifier, run, tableExists } from './driver.ts';

const createSql = (table: string) => `CREATE TABLE IF NOT EXISTS ${table} (
  only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
  taken_at TEXT NOT NULL,
  run_id TEXT NOT NULL,
  tool_version TEXT NOT NULL,
  revisions TEXT NOT NULL,
  schema TEXT NOT NULL
)`;

export function baselineStore(connection: Connection, own: OwnTables): BaselineStore {
  const table = quoteIdentifier(own.baseline);
  const there = () => tableExists(connection, own.baseline);
  return {
    async read() {
      if (!(await there())) return undefined;
      const [row] = await all<Omit<Baseline, 'revisions'> & { revisions: string }>(
        connection,
        `SELECT taken_at AS takenAt, run_id AS runId, tool_version AS toolVersion, revisions, schema FROM ${table}`,
      );
      return row && { ...row, revisions: JSON.parse(row.revisions) as Baseline['revisions'] };
    },
    async keep({ takenAt, runId, toolVersion, revisions, schema }) {
      await exec(connection, createSql(table));
      await run(
        connection,
        `INSERT OR REPLACE INTO ${table} (only_one, taken_at, run_id, tool_version, revisions, schema) VALUES (1, ?, ?, ?, ?, ?)`,
        [takenAt, runId, toolVersion, JSON.stringify(revisions), schema],
      );
    },
    async forget() {
      if (!(await there())) return false;
      await exec(connection, `DROP TABLE ${table}`);
      return true;
    },
    schemaSql: () => schemaSql(connection, own),
    extensions: async () => [],
    load: (sql) => exec(connection, sql),
  };
}

/** The statements that sqlite_schema stores, tables first. Tables that a virtual table creates are created with it. */
async function schemaSql(connection: Connection, own: OwnTables): Promise<string> {
  const objects = await all<{ sql: string }>(
    connection,
    `SELECT sql FROM sqlite_schema
      WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite!_%' ESCAPE '!' AND tbl_name NOT IN (SELECT value FROM json_each(?))
        AND name NOT IN (SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'shadow')
      ORDER BY CASE type WHEN 'table' THEN 0 WHEN 'index' THEN 1 WHEN 'view' THEN 2 ELSE 3 END, rowid`,
    [JSON.stringify(own.names)],
  );
  // On a line of its own: a statement may end with a comment.
  return objects.map(({ sql }) => `${sql}\n;\n`).join('');
}
