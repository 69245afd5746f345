import type { Dialect } from '../../core/model/dialect.ts';
import type { MigrationFormat, SqlStatement } from '../../core/model/migration.ts';
import { tokenize } from '../../sql/lexer.ts';

/** The table in which each tool keeps its history, with its columns: a tool has created it before the first migration runs. */
const TABLES: Partial<Record<MigrationFormat, { name: string; columns: string }>> = {
  flyway: {
    name: 'flyway_schema_history',
    columns:
      'installed_rank integer PRIMARY KEY, version varchar(50), description varchar(200) NOT NULL, type varchar(20) NOT NULL, script varchar(1000) NOT NULL, checksum integer, installed_by varchar(100) NOT NULL, installed_on timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP, execution_time integer NOT NULL, success boolean NOT NULL',
  },
  'golang-migrate': { name: 'schema_migrations', columns: 'version bigint PRIMARY KEY, dirty boolean NOT NULL' },
  dbmate: { name: 'schema_migrations', columns: 'version varchar(128) PRIMARY KEY' },
  goose: {
    name: 'goose_db_version',
    columns:
      'id integer PRIMARY KEY, version_id bigint NOT NULL, is_applied boolean NOT NULL, tstamp timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP',
  },
};

/**
 * Some migrations name the history table of the tool that they were written for (`REVOKE ALL ON flyway_schema_history
 * FROM app`). In a database that never saw the tool they would fail, so an empty table is created in front of them.
 */
export function withToolTable(
  statements: readonly SqlStatement[],
  format: MigrationFormat,
  dialect: Dialect,
): SqlStatement[] {
  const table = TABLES[format];
  const first = statements.find(({ sql }) => table !== undefined && names(sql, table.name, dialect));
  if (table === undefined || first === undefined) return [...statements];
  const sql = `CREATE TABLE IF NOT EXISTS ${table.name} (${table.columns})`;
  return statements.flatMap((statement) => (statement === first ? [{ ...statement, sql }, statement] : [statement]));
}

function names(sql: string, table: string, dialect: Dialect): boolean {
  if (!sql.includes(table)) return false;
  const pattern = new RegExp(`(?<![\\w$])${table}(?![\\w$])`);
  for (const { kind, start, end } of tokenize(sql, dialect))
    if (kind !== 'comment' && pattern.test(sql.slice(start, end))) return true;
  return false;
}
