/** Reasons that the operator gives, part of `REASONS`. */
export const OPERATOR_REASONS = {
  Running: { exit: 3, means: 'A run is in progress.', help: 'Wait. `kubectl describe` shows its steps.' },
  Queued: {
    exit: 3,
    means: 'The run is queued: the limit --max-concurrent-runs is reached.',
    help: 'Wait: the run starts automatically. Or raise the limit of the operator.',
  },
  Suspended: { exit: 4, means: '`spec.suspend` is true.', help: 'Set it to false to continue.' },
  WaitingForDependency: {
    exit: 3,
    means: 'Another DatabaseMigration must be Ready first.',
    help: 'Check the resource that the message names.',
  },
  DependencyCycle: { exit: 4, means: '`dependsOn` contains a cycle.', help: 'Remove one of the entries.' },
  DatabaseInUse: {
    exit: 3,
    means: 'Another DatabaseMigration is migrating the same database.',
    help: 'Wait. The run starts automatically when the other one has ended.',
  },
  SchemaDrift: {
    exit: 3,
    means: 'The live schema differs from the schema of the applied migrations.',
    help: 'Undo the change with the SQL in `status.drift`, or write a migration that makes the same change.',
  },
  OutsideWindow: {
    exit: 3,
    means: 'The maintenance window is closed.',
    help: 'Wait: the run starts automatically at the time in the message.',
  },
  ReferenceNotFound: {
    exit: 1,
    means: 'A ConfigMap, Secret, claim or key that the resource references does not exist.',
    help: 'Create it. The run then starts automatically.',
  },
  ImagePullFailed: { exit: 1, means: 'The image cannot be pulled.', help: 'Correct the reference or the pull Secret.' },
  NotAllowed: {
    exit: 4,
    means:
      'The configuration of the operator does not allow an image, account, Secret or priority class of the resource.',
    help: 'Change the field that the message names, or ask the administrator of the operator.',
  },
  NotificationFailed: {
    exit: 1,
    means: 'The endpoint of `spec.notify` did not accept a notification. Runs are not affected.',
    help: 'Correct the endpoint or the Secret that the message names. The next event is sent normally.',
  },
  JobRefused: {
    exit: 1,
    means: 'The API server refused the Job.',
    help: 'See the message for the cause: a quota, an admission policy or missing permissions.',
  },
  PodUnschedulable: { exit: 1, means: 'The pod cannot be scheduled.', help: 'See the message of the scheduler.' },
  RunLost: {
    exit: 1,
    means: 'The Job or its pod disappeared before it could report.',
    help: 'The operator retries automatically. The next run resumes from the migration history.',
  },
  ReportNotFound: {
    exit: 2,
    means: 'No report has that name.',
    help: 'The message lists the reports. `db-manager safe-migrate` keeps one with its backup.',
  },
  ReportUnreadable: {
    exit: 1,
    means: 'The report of the run cannot be read, or its log is too long.',
    help: 'The next attempt starts from the history of the database. Read the log: `kubectl logs job/NAME`.',
  },
  RetryLimitReached: {
    exit: 1,
    means: 'The run failed and no retries are left.',
    help: 'Fix the cause, then change the resource or annotate it with `db-manager.dev/retry`.',
  },
} as const;
