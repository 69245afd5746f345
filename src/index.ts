/**
 * The public API. Each function takes options and gives data; nothing is printed. Expected failures are thrown as
 * `ProblemError` with a reason of `docs/reasons.md`.
 */
export type { BackupList } from './backups/list.ts';
export type { RestoredBackup } from './backups/restore.ts';
export type { Backup, BackupManifest } from './core/model/backup.ts';
export type { Finding } from './core/model/finding.ts';
export { type Problem, ProblemError } from './core/model/problem.ts';
export { REASONS, type Reason } from './core/model/reason.ts';
export type { RunEvent, RunReport } from './core/model/report.ts';
export type { DescribedDifference, TableValidation } from './core/schema/validation.ts';
export {
  type BackupOptions,
  backupDatabase,
  listBackups,
  pruneBackups,
  type RestoreOptions,
  restoreDatabase,
  verifyBackup,
} from './library/backups.ts';
export { type BaselineOptions, type BaselineResult, takeBaseline } from './library/baseline.ts';
export { type Current, getCurrentRevision } from './library/current.ts';
export { type DiagramOptions, schemaDiagram } from './library/diagram.ts';
export { type Generated, type GenerateOptions, generateMigration } from './library/generate.ts';
export {
  adoptHistory,
  getMigrationHistory,
  type HistoryEntry,
  type HistoryEntryState,
  repairHistory,
  stampDatabase,
} from './library/history.ts';
export { type LintOptions, type LintResult, lintMigrations } from './library/lint/lint.ts';
export { downgradeDatabase, type Migrated, type MigrateOptions, upgradeDatabase } from './library/migrate.ts';
export {
  checkMigrationSafety,
  type SafeMigrateOptions,
  type SafetyResult,
  safeMigrate,
} from './library/safe-migrate.ts';
export { checkModels, type ValidationResult, validateSchema } from './library/schema.ts';
export type { Options } from './library/settings.ts';
export { type MigrationSql, migrateSql, type SqlOptions } from './library/sql.ts';
export { createAllTables, dropAllTables, type Initialised, type InitOptions, initDatabase } from './library/tables.ts';
export { type Waited, type WaitOptions, waitForRevision } from './library/wait.ts';
