/**
 * The public API. Each function takes options and returns data; nothing is printed. Expected failures are thrown as
 * `ProblemError` with a reason of `docs/reference/reasons.md`.
 */
export type { BackupList, UnreadableBackup } from './backups/list.ts';
export type { Retention } from './backups/prune.ts';
export type { RestoredBackup } from './backups/restore.ts';
export type { Backup, BackupManifest, CatalogueDigest, DatabaseIdentity, RestoredCopy } from './core/model/backup.ts';
export type { Baseline } from './core/model/baseline.ts';
export type { Dialect } from './core/model/dialect.ts';
export type { MigrationEffects } from './core/model/effects.ts';
export type { Finding, Severity } from './core/model/finding.ts';
export type { HistoryRow, HistorySetting, HistoryState, SourceNote, SourceProblem } from './core/model/history.ts';
export type { Direction } from './core/model/migration.ts';
export { type Problem, ProblemError, type SourcePosition } from './core/model/problem.ts';
export { REASONS, type Reason } from './core/model/reason.ts';
export type { RunEvent, RunReport } from './core/model/report.ts';
export type { RunRequest } from './core/model/request.ts';
export type { Position, Revision } from './core/model/revision.ts';
export type { KeptReport, RunDetails } from './core/model/run-details.ts';
export type { DecidedFinding, RunRecord } from './core/model/run-record.ts';
export type { VerifiedSchema } from './core/model/verified-schema.ts';
export type { ForeignTool } from './core/planning/adopt/foreign.ts';
export type { Damage, Repair, RepairChoices } from './core/planning/repair.ts';
export type { HistoryChange } from './core/planning/stamp.ts';
export type { Difference } from './core/schema/difference.ts';
export type { Rename } from './core/schema/renames.ts';
export type { DescribedDifference, SchemaValidation, TableValidation } from './core/schema/validation.ts';
export type { DoneMigration, KeptDatabase } from './database/port.ts';
export type { Drift, DriftDifference } from './engine/drift.ts';
export {
  type BackupOptions,
  backupDatabase,
  listBackups,
  pruneBackups,
  type RestoreOptions,
  rekeyBackup,
  restoreDatabase,
  verifyBackup,
} from './library/backups.ts';
export { type BaselineOptions, type BaselineResult, takeBaseline } from './library/baseline.ts';
export { type Current, getCurrentRevision } from './library/current.ts';
export { type DiagramOptions, schemaDiagram } from './library/diagram.ts';
export { type DriftOptions, type DriftResult, findDrift } from './library/drift.ts';
export { type Generated, type GenerateOptions, generateMigration } from './library/generate.ts';
export {
  type Adopted,
  type AdoptOptions,
  adoptHistory,
  getMigrationHistory,
  type HistoryEntry,
  type HistoryEntryState,
  type RepairOptions,
  repairHistory,
  stampDatabase,
} from './library/history.ts';
export { type LintOptions, type LintResult, lintMigrations } from './library/lint/lint.ts';
export type { LocalRunOptions } from './library/local-run.ts';
export { downgradeDatabase, type Migrated, type MigrateOptions, upgradeDatabase } from './library/migrate.ts';
export { type RunReportOptions, runReport, type StoredRunReport } from './library/run-report.ts';
export { listRuns, showRun } from './library/runs.ts';
export {
  checkMigrationSafety,
  type SafeMigrateOptions,
  type SafetyResult,
  safeMigrate,
} from './library/safe-migrate.ts';
export { checkModels, type ValidationResult, validateSchema } from './library/schema.ts';
export type { Configuration } from './library/settings/configuration.ts';
export type { Options } from './library/settings.ts';
export { type MigrationSql, migrateSql, type SqlOptions } from './library/sql.ts';
export { diffMigrations, type MigrationDiff, type StoredMigration, showMigration } from './library/stored.ts';
export { createAllTables, dropAllTables, type Initialised, type InitOptions, initDatabase } from './library/tables.ts';
export { type Waited, type WaitOptions, waitForRevision } from './library/wait.ts';
export { type WrapOptions, wrapCommand } from './library/wrap.ts';
export type { ScaffoldFormat } from './migrations/templates.ts';
