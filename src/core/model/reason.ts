import { BACKUP_REASONS } from './backup-reasons.ts';
import { CHECK_REASONS } from './check-reasons.ts';
import { CLUSTER_REASONS } from './cluster-reasons.ts';
import { HISTORY_REASONS } from './history-reasons.ts';
import { OPERATOR_REASONS } from './operator-reasons.ts';
import { SUCCESS_REASONS } from './success-reasons.ts';

/**
 * Each outcome has one reason. The same name is used as the reason of the condition, the reason of the event, the log field, the value in
 * the JSON output and the heading in `docs/reference/reasons.md`, which is generated from this table.
 *
 * `exit` is the CLI's code: 0 done, 1 failed, 2 usage, 3 pending or different, 4 blocked until a person acts.
 */
export const REASONS = {
  ...SUCCESS_REASONS,

  ...CLUSTER_REASONS,

  // configuration and migration files
  InvalidConfiguration: {
    exit: 2,
    means: 'A setting, a flag or a manifest is wrong.',
    help: 'Correct the setting that the message names. Nothing was changed.',
  },
  MigrationsNotFound: {
    exit: 2,
    means: 'The migrations folder does not exist or cannot be read.',
    help: 'Check the path. `db-manager init` creates a new folder.',
  },
  UnsupportedMigrations: {
    exit: 2,
    means: 'The folder contains migrations of a tool, or in a language or format, that is not supported.',
    help: 'Follow the instructions in the message; nothing was changed.',
  },
  InvalidMigration: {
    exit: 1,
    means: 'A migration file cannot be read: a syntax error, no `up`, or an invalid file name.',
    help: 'Correct the file at the line that the message names.',
  },
  DuplicateMigration: {
    exit: 1,
    means: 'Two files are the same migration.',
    help: 'Delete or rename one of the files that the message names.',
  },

  // the database
  DatabaseUnreachable: {
    exit: 1,
    means: 'No connection could be made to the database.',
    help: 'Check host, port and network. In Kubernetes the run is retried automatically.',
  },
  DatabaseNotFound: {
    exit: 1,
    means: 'The server is reachable, but the database does not exist.',
    help: 'Correct its name, or create it: `db-manager init`, `--create`, `spec.database.create`.',
  },
  AuthenticationFailed: {
    exit: 1,
    means: 'The database refused the user or the password.',
    help: 'Correct the user or the Secret with the password.',
  },
  PermissionDenied: {
    exit: 1,
    means: 'The database user is missing a required permission.',
    help: 'Grant the permission that the message names.',
  },
  PoolerUnsupported: {
    exit: 1,
    means: 'The connection uses a pooler in transaction or statement mode, which does not keep session locks.',
    help: 'Connect to PostgreSQL directly, or to a pool in session mode.',
  },
  ConnectionLost: {
    exit: 1,
    means: 'The database closed the connection during the run.',
    help: 'See the server log. The next run resumes from the migration history.',
  },

  // the plan
  ChecksumMismatch: {
    exit: 4,
    means: 'A migration file was edited after it was applied.',
    help: 'Undo the edit and write a new migration, or accept the file with `db-manager repair --accept-checksums`.',
  },
  MissingMigration: {
    exit: 4,
    means: 'The history contains a migration whose file is missing.',
    help: 'Restore the file, or deploy the image that contains it.',
  },
  OutOfOrder: {
    exit: 4,
    means: 'A pending migration comes before one that is already applied.',
    help: 'Rename the file so that it comes last, or allow out-of-order migrations.',
  },
  InterruptedMigration: {
    exit: 4,
    means: 'A migration without a transaction was interrupted; its state is unknown.',
    help: 'Inspect the database, then run `db-manager repair`.',
  },
  UnknownTarget: {
    exit: 2,
    means: 'No migration matches the target.',
    help: '`db-manager migrate history` lists the names.',
  },
  AmbiguousTarget: {
    exit: 2,
    means: 'The target is a prefix of several migrations.',
    help: 'Use a longer prefix.',
  },
  DowngradeNotAllowed: {
    exit: 4,
    means: 'The target is older than the current revision, and downgrades are not allowed.',
    help: 'Set `allowDowngrade: true` to allow reverting migrations.',
  },
  IrreversibleMigration: {
    exit: 4,
    means: 'A migration to be reverted has no `down`.',
    help: 'Write its `down`, or restore a backup.',
  },
  PlanChanged: {
    exit: 4,
    means: 'The plan is not the one that was approved or inspected.',
    help: 'Review the new plan and approve its digest.',
  },

  ...HISTORY_REASONS,

  ...CHECK_REASONS,
  LockHeld: {
    exit: 1,
    means: 'Another run holds the migration lock for this database.',
    help: 'Wait for the run that the message names. In Kubernetes the run is retried automatically.',
  },

  // backup, restore, rehearsal
  ...BACKUP_REASONS,
  BackupFailed: {
    exit: 1,
    means: 'No backup could be taken, so no migration was applied.',
    help: 'Fix the problem named in the message.',
  },
  NoSpace: {
    exit: 1,
    means: 'The disk is full.',
    help: 'Enlarge the volume, or delete old backups with `db-manager prune`.',
  },
  ClientTooOld: {
    exit: 1,
    means: 'pg_dump is older than the server.',
    help: 'Use a runner image with the PostgreSQL client that the message names.',
  },
  BackupNotFound: {
    exit: 2,
    means: 'The backup does not exist.',
    help: '`db-manager list-backups` lists the backups.',
  },
  BackupInvalid: {
    exit: 1,
    means: 'The backup does not match its manifest: it is truncated, altered or has no manifest.',
    help: 'Choose another backup. `db-manager verify-backup` checks one.',
  },
  BackupMismatch: {
    exit: 4,
    means: 'The backup was taken from a different database.',
    help: 'The message names both databases. `--into <url>` accepts a backup of another database of the same kind.',
  },
  ActiveSessions: {
    exit: 4,
    means: 'Other sessions are connected to the database to be replaced.',
    help: 'Close them, or allow the restore to terminate them as the message describes.',
  },
  RestoreIncomplete: {
    exit: 1,
    means: 'The restored content differs from the backup; the target is unchanged.',
    help: 'The message lists the differences. Restore as a superuser, or with pg_restore by hand.',
  },
  RestoreFailed: {
    exit: 1,
    means: 'The restore failed; the target is unchanged.',
    help: 'See the message. The safety backup is listed by `db-manager list-backups`.',
  },
  RehearsalFailed: {
    exit: 4,
    means: 'A migration failed on the copy of production. It was not applied to production.',
    help: 'Do what the message says, or correct the migration. The message names the statement.',
  },
  RehearsalImpossible: {
    exit: 1,
    means: 'The scratch copy for the rehearsal could not be created.',
    help: 'Grant the missing permission or free the disk space, or disable the rehearsal with `safety.rehearsal: Disabled`.',
  },
  ReplayImpossible: {
    exit: 1,
    means: 'The applied migrations cannot be run on an empty database, so no schema is available for comparison.',
    help: 'Record the current schema as the start of every replay: `db-manager baseline`. Or compare with models.',
  },
  NotRehearsable: {
    exit: 4,
    means: 'A migration has effects outside its database, which the rehearsal must not repeat. Nothing was executed.',
    help: 'Set `safety.rehearsalServer: Private` if the message says so. Otherwise remove the statement and run it by hand, or set `safety.rehearsal: Disabled`.',
  },
  NotConnected: {
    exit: 1,
    means: 'The command of another tool ended successfully, but did not connect to the database that it was given.',
    help: 'Make the tool read the variable that the message names, or set another one with `--url-env`.',
  },
  TargetChanged: {
    exit: 4,
    means: 'The target database was changed while a command ran on the copy.',
    help: 'Make the tool use the URL that it is given. Restore the backup of the run if the change must be undone.',
  },
  RowsLost: {
    exit: 4,
    means: 'A migration would delete rows from a table that it does not mention, or a downgrade would lose rows.',
    help: 'Correct the migration. If the rows are to be deleted, add observed-rows-lost to safety.ignore. Approve a downgrade by its digest.',
  },
  RoundTripFailed: {
    exit: 4,
    means: 'Reverting the plan on the copy did not restore the original schema.',
    help: 'Correct the `down`, or set `safety.roundTrip: false`.',
  },

  // applying
  MigrationFailed: {
    exit: 1,
    means: 'A migration failed. If it runs in a transaction, it was rolled back. Earlier migrations stay applied.',
    help: 'Correct the migration. The message names the statement, file and line.',
  },
  AssertionFailed: {
    exit: 1,
    means: 'A condition of the migration (`-- db-manager:assert`) is not true; the migration was rolled back.',
    help: 'Look at the data that the condition names, then correct the data or the migration.',
  },
  LockTimeout: {
    exit: 1,
    means: 'A statement waited longer for a table lock than `timeouts.lock` allows.',
    help: 'End the transaction that blocks it, or raise the timeout. In Kubernetes the run is retried automatically.',
  },
  StatementTimeout: {
    exit: 1,
    means: 'A statement ran longer than `timeouts.statement` allows.',
    help: 'Raise the timeout or split the work.',
  },
  SchemaMismatch: {
    exit: 3,
    means: 'The schema differs from the expected schema.',
    help: '`db-manager validate -v` lists the differences; `db-manager generate` writes a migration for them.',
  },

  // the run as a whole
  Interrupted: {
    exit: 1,
    means: 'The run was asked to stop and stopped at a safe point.',
    help: 'Run the command again. It resumes from the migration history.',
  },
  DeadlineExceeded: {
    exit: 1,
    means: 'The run took longer than `timeouts.run`.',
    help: 'Raise the timeout. The next run resumes from the migration history.',
  },
  InternalError: {
    exit: 1,
    means: 'db-manager itself failed.',
    help: 'Please report it with the output of the same command with `-v`.',
  },
  Cancelled: {
    exit: 4,
    means: 'The user cancelled the command.',
    help: 'Nothing was changed. Where a command asks for confirmation, `--force` skips the question (`--yes` of `approve`).',
  },

  ...OPERATOR_REASONS,
} as const satisfies Record<string, ReasonEntry>;

interface ReasonEntry {
  exit: 0 | 1 | 2 | 3 | 4;
  means: string;
  help: string;
}

export type Reason = keyof typeof REASONS;

export const REASON_NAMES = Object.keys(REASONS) as [Reason, ...Reason[]];
