import { z } from 'zod';
import { queryChecks } from './query-check.ts';
import { backup } from './resource-backup.ts';
import { drift } from './resource-drift.ts';
import { notify } from './resource-notify.ts';
import { database, migrations, secretSource } from './resource-sources.ts';
import { anything, CRON, cel, duration, objectName, path, rule, TIME_ZONE } from './schema-helpers.ts';

/**
 * `DatabaseMigration.spec`. One schema: from it come the TypeScript type, the runtime parse, the CRD with its CEL
 * rules and `docs/reference/databasemigration.md` (`npm run generate`). `kubectl explain` shows the texts of `describe`;
 * the API server itself enforces `x-kubernetes-validations` in `meta`.
 */
const safety = z
  .strictObject({
    mode: z.enum(['Enforce', 'Warn', 'Disabled']).default('Enforce').describe('Effect of a finding of severity error.'),
    ignore: z.array(z.string().min(1).max(100)).max(100).default([]).describe('IDs of rules to ignore.'),
    rehearsal: z
      .enum(['Auto', 'Full', 'SchemaOnly', 'Disabled'])
      .default('Auto')
      .describe(
        'First run the plan on a copy restored from the backup of this run. Auto: Full if size, disk space and permissions allow it.',
      ),
    roundTrip: z
      .boolean()
      .default(true)
      .describe('On the copy, also revert the plan and compare the schema with the original.'),
    redactData: z
      .boolean()
      .default(true)
      .describe(
        'Remove values of rows from server messages in the status and in events. The log of the pod keeps them.',
      ),
    rehearsalServer: z
      .enum(['Auto', 'Private', 'SameServer'])
      .default('Auto')
      .describe(
        "Location of the scratch copies of a PostgreSQL database. Private: on a server that the run starts in its own pod. SameServer: next to the database, on its server. Auto: Private, or SameServer if the runner image lacks the server's version or an extension.",
      ),
    rehearsalServerUrlFrom: secretSource
      .optional()
      .describe(
        'URL of another PostgreSQL server for scratch copies, instead of rehearsalServer. Its user must be allowed to create databases.',
      ),
  })
  .prefault({})
  .describe('Checks that must pass before the database is changed.');

const validation = z
  .strictObject({
    before: z.enum(['Enforce', 'Warn', 'Disabled']).default('Warn').describe('Compare the schema before the run.'),
    after: z.enum(['Enforce', 'Warn', 'Disabled']).default('Enforce').describe('Compare the schema after the run.'),
    expect: z
      .enum(['Auto', 'Models', 'Replay'])
      .default('Auto')
      .describe(
        'Compare with the Sequelize models or with a replay of the migrations. Auto: the models if spec.models is set.',
      ),
  })
  .prefault({})
  .describe('Comparison of the schema with the expected schema.');

const report = z
  .strictObject({
    mode: z
      .enum(['Enabled', 'Disabled'])
      .default('Enabled')
      .describe('Enabled: write the page of each run, an HTML file, next to its backup.'),
    redactLiterals: z
      .boolean()
      .default(false)
      .describe('Replace the literals in SQL and the values of rows. Secrets are always masked.'),
  })
  .prefault({})
  .describe('The page of a run.');

const timeouts = z
  .strictObject({
    connect: duration.default('1m').describe('How long to retry the connection.'),
    lock: duration
      .default('5s')
      .describe("PostgreSQL's lock_timeout for each statement. A timeout is retried with backoff."),
    statement: duration.default('0s').describe("PostgreSQL's statement_timeout; 0s means no limit."),
    run: duration.default('30m').describe('Maximum duration of the whole run.'),
  })
  .prefault({})
  .describe('Durations such as 500ms, 30s, 1h30m.');

const retry = z
  .strictObject({
    limit: z.int().min(0).max(100).default(3).describe('Number of retries after a failure that is safe to retry.'),
    backoff: duration.default('10s').describe('Delay before the first retry. It doubles with each retry.'),
    maxBackoff: duration.default('10m').describe('Longest delay between retries.'),
  })
  .prefault({})
  .describe('Retries of a failed run.');

const window = z
  .strictObject({
    cron: z.string().min(9).max(100).regex(CRON).describe('When the window opens, as a cron expression.'),
    duration: duration.describe('How long the window stays open.'),
    timeZone: z.string().max(64).regex(TIME_ZONE).default('UTC').describe('IANA time zone of the cron expression.'),
  })
  .describe('Maintenance window. Runs start only inside it.');

const runner = z
  .strictObject({
    image: z.string().min(1).max(500).optional().describe("Runner image. Default: the operator's runner image."),
    imagePullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']).optional().describe('When to pull the runner image.'),
    imagePullSecrets: z
      .array(z.strictObject({ name: objectName.describe('Name of the Secret.') }))
      .max(20)
      .optional()
      .describe('Secrets for pulling images.'),
    resources: anything
      .optional()
      .describe(
        'Resources of the container. A run with a private PostgreSQL server takes 200Mi of memory, and ephemeral storage for a copy of the database.',
      ),
    nodeSelector: z.record(z.string(), z.string()).optional().describe('Node labels that the pod requires.'),
    tolerations: z.array(anything).max(50).optional().describe('Tolerations of the pod.'),
    affinity: anything.optional().describe('Affinity of the pod.'),
    env: z.array(anything).max(100).optional().describe('Additional environment variables for code migrations.'),
    labels: z.record(z.string(), z.string()).optional().describe('Additional labels of the pod.'),
    annotations: z.record(z.string(), z.string()).optional().describe('Additional annotations of the pod.'),
    serviceAccountName: objectName.optional().describe('Service account of the pod. Its token is never mounted.'),
    priorityClassName: objectName.optional().describe('Priority class of the pod.'),
    runAsUser: z.int().min(1).optional().describe('runAsUser of the pod. Default: 1000.'),
    fsGroup: z.int().min(1).optional().describe('fsGroup of the pod. Default: 1000.'),
    ttlAfterFinished: duration.default('1h').describe('How long a finished Job is kept. The status keeps its result.'),
  })
  .prefault({})
  .describe('Pod template of the run.');

export const specSchema = z
  .strictObject({
    suspend: z.boolean().default(false).describe('Do not start new runs.'),
    execution: z
      .enum(['Job', 'Sidecar'])
      .default('Job')
      .describe(
        'Job: the operator creates a Job. Sidecar: `db-manager sidecar` runs the migrations next to the application.',
      ),
    database,
    migrations,
    models: z
      .strictObject({
        path: path.describe('Folder of Sequelize models, in the runner image or next to the migrations.'),
      })
      .optional()
      .describe('Sequelize models that define the expected schema.'),
    target: z
      .string()
      .min(1)
      .max(200)
      .default('head')
      .describe('head, base, a revision or a unique prefix of one, +N or -N.'),
    allowDowngrade: z.boolean().default(false).describe('Allow the run to revert migrations.'),
    outOfOrder: z
      .enum(['Refuse', 'Allow'])
      .default('Refuse')
      .describe('Handling of a pending migration that sorts before an applied one.'),
    unknownApplied: z
      .enum(['Refuse', 'Accept', 'Downgrade'])
      .optional()
      .describe(
        'Applied migrations that the files lack, as after a rollback. Accept (the default): succeed if older code can run with them. Refuse: fail. Downgrade: revert them with the text in the history.',
      ),
    dryRun: z.boolean().default(false).describe('Run all steps without writing to the database.'),
    approval: z
      .enum(['Automatic', 'Manual', 'OnFindings'])
      .default('Automatic')
      .describe('Manual: every plan waits for approval. OnFindings: a plan with findings waits for approval.'),
    approvedPlan: z
      .string()
      .regex(/^sha256:[0-9a-f]{64}$/)
      .optional()
      .describe('Digest of the approved plan, from status.plan.digest.'),
    safety,
    validation,
    checks: queryChecks,
    backup,
    report,
    onFailure: z
      .enum(['Keep', 'Downgrade', 'Restore'])
      .default('Keep')
      .describe(
        'After a failed apply. Keep: leave committed migrations applied. Downgrade: revert them. Restore: restore the backup; later writes are lost.',
      ),
    terminateSessions: z
      .boolean()
      .default(false)
      .describe(
        'onFailure: Restore may terminate other sessions of the database. Without it, a run with onFailure: Restore does not start while an application is connected.',
      ),
    timeouts,
    retry,
    window: window.optional(),
    drift: drift.optional(),
    notify: notify.optional(),
    dependsOn: z
      .array(z.strictObject({ name: objectName.describe('Name of the DatabaseMigration.') }))
      .max(20)
      .default([])
      .describe('DatabaseMigrations in this namespace that must be Ready first.'),
    runner,
  })
  .describe('Desired revision of the database, and how to reach it.')
  .meta(
    cel(
      // Here and not at `backup`: the API server validates a default against the rules of its own object before that
      // object's defaults are filled in.
      rule(
        "self.backup.mode == 'Disabled' || has(self.backup.volume) || has(self.backup.objectStore)",
        'set backup.volume, backup.objectStore, or backup.mode: Disabled',
      ),
      rule(
        "!has(self.backup.encryption) || has(self.backup.encryption.identityFrom) || self.onFailure != 'Restore' && self.safety.rehearsal != 'Full'",
        'onFailure: Restore and safety.rehearsal: Full need backup.encryption.identityFrom, because they read the encrypted backup',
      ),
      rule(
        "self.onFailure != 'Restore' || self.backup.mode == 'Enabled'",
        'onFailure: Restore needs backup.mode: Enabled',
      ),
      rule(
        "self.safety.rehearsal != 'Full' || self.backup.mode == 'Enabled'",
        'safety.rehearsal: Full needs backup.mode: Enabled, because it restores that backup',
      ),
      rule(
        "!(self.target == 'base' || self.target.startsWith('-')) || self.allowDowngrade",
        'a target older than the current revision needs allowDowngrade: true',
      ),
      rule('!has(self.migrations.runnerImage) || has(self.runner.image)', 'migrations.runnerImage needs runner.image'),
      rule(
        "!has(self.migrations.command) || (self.target == 'head' && !self.allowDowngrade && !has(self.models) && self.execution == 'Job')",
        'migrations.command excludes target, allowDowngrade, models and execution: Sidecar, because the command decides what it runs',
      ),
      rule(
        "!has(self.migrations.command) || self.onFailure != 'Downgrade' || has(self.migrations.command.down)",
        'onFailure: Downgrade needs migrations.command.down',
      ),
      rule(
        '!has(self.migrations.command) || !has(self.drift)',
        'drift compares with a replay of migration files, which migrations.command does not have',
      ),
    ),
  );

export type DatabaseMigrationSpec = z.infer<typeof specSchema>;
