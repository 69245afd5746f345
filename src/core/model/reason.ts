import { CLUSTER_REASONS } from './cluster-reasons.ts';

/**
 * Every outcome has one word. The same word is the condition's reason, the event, the log field, the CLI's JSON
 * and the heading in `docs/reasons.md`, which is generated from this table.
 *
 * `exit` is the CLI's code: 0 done, 1 failed, 2 usage, 3 pending or different, 4 blocked until a person acts.
 */
export const REASONS = {
  // it went well
  Migrated: { exit: 0, means: 'Every planned migration was applied.', help: 'Nothing.' },
  Reverted: { exit: 0, means: 'Every planned migration was reverted.', help: 'Nothing.' },
  UpToDate: { exit: 0, means: 'The database stands at the target; there was nothing to run.', help: 'Nothing.' },
  DryRun: {
    exit: 0,
    means: 'A dry run went through; the target was not written to.',
    help: 'Set `dryRun: false`, or run without `--dry-run`, to apply the plan.',
  },
  Succeeded: { exit: 0, means: 'The step did what it is for.', help: 'Nothing.' },
  Skipped: { exit: 0, means: 'The step was not needed or was turned off.', help: 'Nothing.' },

  ...CLUSTER_REASONS,

  // where the work comes from
  InvalidConfiguration: {
    exit: 2,
    means: 'A setting, a flag or a manifest is wrong.',
    help: 'Correct what the message names; nothing was touched.',
  },
  MigrationsNotFound: {
    exit: 2,
    means: 'The migrations folder does not exist or cannot be read.',
    help: 'Check the path; `db-manager init` makes a new folder.',
  },
  InvalidMigration: {
    exit: 1,
    means: 'A migration file cannot be read: a syntax error, no `up`, or a name that is no revision.',
    help: 'Correct the file at the place that the message names.',
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
    help: 'Check host, port and network; under Kubernetes the run is tried again by itself.',
  },
  DatabaseNotFound: {
    exit: 1,
    means: 'The server answers, but the database does not exist.',
    help: 'Correct its name, or create it: `db-manager init`, `--create`, `spec.database.create`.',
  },
  AuthenticationFailed: {
    exit: 1,
    means: 'The database refused the user or the password.',
    help: 'Correct the user or the Secret with the password.',
  },
  PermissionDenied: {
    exit: 1,
    means: 'The database user lacks a right that the run needs.',
    help: 'Grant the right that the message names.',
  },
  PoolerUnsupported: {
    exit: 1,
    means: 'The connection goes through a pooler in transaction or statement mode, where a session lock does not hold.',
    help: 'Connect to PostgreSQL directly, or to a pool in session mode.',
  },
  ConnectionLost: {
    exit: 1,
    means: 'The database closed the connection during the run.',
    help: 'The run is tried again from what the history says; see the server log.',
  },

  // the plan
  ChecksumMismatch: {
    exit: 4,
    means: 'A migration file was edited after it was applied.',
    help: 'Undo the edit and write a new migration, or accept the file with `db-manager repair --accept-checksums`.',
  },
  MissingMigration: {
    exit: 4,
    means: 'The history holds a migration whose file is gone.',
    help: 'Bring the file back, or deploy the image that has it.',
  },
  OutOfOrder: {
    exit: 4,
    means: 'A pending migration comes before one that is already applied.',
    help: 'Rename the file so that it comes last, or allow out-of-order migrations.',
  },
  InterruptedMigration: {
    exit: 4,
    means: 'A migration without a transaction was cut off; nobody knows how far it came.',
    help: 'Look at the database, then `db-manager repair`.',
  },
  UnknownTarget: {
    exit: 2,
    means: 'No migration has the name of the target.',
    help: '`db-manager migrate history` lists the names.',
  },
  AmbiguousTarget: {
    exit: 2,
    means: 'Several migrations start with the text of the target.',
    help: 'Type more of the name.',
  },
  DowngradeNotAllowed: {
    exit: 4,
    means: 'The target lies behind the current revision and downgrades are not allowed.',
    help: 'Set `allowDowngrade: true` if reverting is what you want.',
  },
  IrreversibleMigration: {
    exit: 4,
    means: 'A migration on the way down has no `down`.',
    help: 'Write its `down`, or restore a backup.',
  },
  PlanChanged: {
    exit: 4,
    means: 'The plan is not the one that was approved or inspected.',
    help: 'Look at the new plan and approve its digest.',
  },

  // checks and approval
  UnsafePlan: {
    exit: 4,
    means: 'A safety rule found something that would hurt a live database.',
    help: 'Follow the advice of the finding, or ignore its rule by id with a reason.',
  },
  CheckFailed: {
    exit: 1,
    means: 'A check of the surroundings failed before anything was touched.',
    help: 'Mend what the message names.',
  },
  AwaitingApproval: {
    exit: 4,
    means: 'The plan waits for a person.',
    help: '`db-manager approve` with the digest in the message.',
  },
  LockHeld: {
    exit: 1,
    means: 'Another run works on this database.',
    help: 'Wait for the holder that the message names; under Kubernetes the run is tried again by itself.',
  },

  // backup, restore, rehearsal
  BackupFailed: {
    exit: 1,
    means: 'No backup could be taken, so nothing was migrated.',
    help: 'Mend what the message names.',
  },
  NoSpace: {
    exit: 1,
    means: 'The disk has no room.',
    help: 'Grow the volume or prune old backups: `db-manager prune`.',
  },
  ClientTooOld: {
    exit: 1,
    means: 'pg_dump is older than the server.',
    help: 'Use a runner image with the PostgreSQL client that the message names.',
  },
  BackupNotFound: { exit: 2, means: 'There is no such backup.', help: '`db-manager list-backups` lists them.' },
  BackupInvalid: {
    exit: 1,
    means: 'The backup is not what its manifest says: truncated, altered or without a manifest.',
    help: 'Choose another backup; `db-manager verify-backup` tests one.',
  },
  BackupMismatch: {
    exit: 4,
    means: 'The backup is of another database.',
    help: 'Name the target with `--into` if that is what you want.',
  },
  SessionsConnected: {
    exit: 4,
    means: 'Other sessions use the database that should be replaced.',
    help: 'Stop them, or allow their end as the message says.',
  },
  RestoreFailed: {
    exit: 1,
    means: 'The restore did not succeed; the target is as it was before.',
    help: 'See the message; the safety backup is listed too.',
  },
  RehearsalFailed: {
    exit: 4,
    means: 'A migration failed on the copy of production; production was not touched.',
    help: 'Correct the migration: the message has its statement.',
  },
  RehearsalImpossible: {
    exit: 1,
    means: 'No scratch copy could be made.',
    help: 'Grant or free what the message names, or go without: `safety.rehearsal: Off`.',
  },
  RowsLost: {
    exit: 4,
    means: 'On the copy, rows were lost in a table that the migration does not name.',
    help: 'Correct the migration, or ignore the rule by id with a reason.',
  },
  RoundTripFailed: {
    exit: 4,
    means: 'Reverting the plan on the copy did not lead back to the schema before it.',
    help: 'Correct the `down`, or set `safety.roundTrip: false`.',
  },

  // applying
  MigrationFailed: {
    exit: 1,
    means: 'A migration failed. What its transaction did is rolled back; earlier ones stay applied.',
    help: 'Correct the migration: the message has the statement and the place.',
  },
  LockTimeout: {
    exit: 1,
    means: 'A statement waited longer for a table lock than `timeouts.lock` allows.',
    help: 'End the long transaction that blocks it, or raise the timeout; under Kubernetes the run is tried again by itself.',
  },
  StatementTimeout: {
    exit: 1,
    means: 'A statement ran longer than `timeouts.statement` allows.',
    help: 'Raise the timeout or split the work.',
  },
  SchemaMismatch: {
    exit: 3,
    means: 'The schema is not the one that is expected.',
    help: '`db-manager validate -v` lists the differences; `db-manager generate` writes a migration for them.',
  },

  // the run as a whole
  Interrupted: {
    exit: 1,
    means: 'The run was asked to stop and did so at a safe point.',
    help: 'Run again: it goes on from what the history says.',
  },
  DeadlineExceeded: {
    exit: 1,
    means: 'The run took longer than `timeouts.run`.',
    help: 'Raise the timeout; the next run goes on from what the history says.',
  },
  InternalError: {
    exit: 1,
    means: 'db-manager itself failed.',
    help: 'Please report it with the output of the same command and `-v`.',
  },
  Declined: { exit: 4, means: 'The question was answered with no.', help: 'Nothing; `--force` answers yes.' },

  // the controller
  Running: { exit: 3, means: 'A run is under way.', help: 'Wait; `kubectl describe` shows its steps.' },
  Queued: { exit: 3, means: 'The run waits for a free place.', help: 'Wait.' },
  Suspended: { exit: 4, means: '`spec.suspend` is true.', help: 'Set it to false to go on.' },
  WaitingForDependency: {
    exit: 3,
    means: 'Another DatabaseMigration has to be Ready first.',
    help: 'Look at the one that the message names.',
  },
  DependencyCycle: { exit: 4, means: '`dependsOn` leads in a circle.', help: 'Take one name out.' },
  DatabaseInUse: { exit: 3, means: 'Another DatabaseMigration runs on the same database.', help: 'Wait.' },
  OutsideWindow: { exit: 3, means: 'The maintenance window is closed.', help: 'Wait for the time in the message.' },
  SourceNotFound: {
    exit: 1,
    means: 'A ConfigMap, a Secret, a claim or a key that the resource names does not exist.',
    help: 'Create it; the run starts by itself.',
  },
  ImagePullFailed: { exit: 1, means: 'The image cannot be pulled.', help: 'Correct the reference or the pull Secret.' },
  JobRefused: {
    exit: 1,
    means: 'The API server refused the Job.',
    help: 'See the message: a quota, an admission rule or missing rights.',
  },
  PodUnschedulable: { exit: 1, means: 'No node takes the pod.', help: 'See the message of the scheduler.' },
  RunVanished: {
    exit: 1,
    means: 'The Job or its pod disappeared before it could report.',
    help: 'Rerun by itself from what the history says.',
  },
  RetryLimitReached: {
    exit: 1,
    means: 'The run failed as often as `retry.limit` allows.',
    help: 'Mend the cause, then change the resource or annotate it with `db-manager.dev/retry`.',
  },
} as const satisfies Record<string, ReasonEntry>;

interface ReasonEntry {
  exit: 0 | 1 | 2 | 3 | 4;
  means: string;
  help: string;
}

export type Reason = keyof typeof REASONS;

export const REASON_NAMES = Object.keys(REASONS) as [Reason, ...Reason[]];
