import { z } from 'zod';
import { database, migrations } from './resource-sources.ts';
import {
  anything,
  CRON,
  cel,
  duration,
  exactlyOne,
  objectName,
  path,
  QUANTITY,
  rule,
  TIME_ZONE,
} from './resource-words.ts';

/**
 * `DatabaseMigration.spec`. One schema: from it come the TypeScript type, the runtime parse, the CRD with its CEL
 * rules and `docs/reference.md` (`npm run generate`). Texts given to `describe` are what `kubectl explain` shows;
 * `x-kubernetes-validations` in `meta` are refused by the API server itself.
 */
const safety = z
  .strictObject({
    mode: z
      .enum(['Enforce', 'Warn', 'Off'])
      .default('Enforce')
      .describe('What a finding of severity error does. Write "Off" in quotes: YAML reads a bare Off as false.'),
    ignore: z.array(z.string().min(1).max(100)).max(100).default([]).describe('Ids of rules to leave out.'),
    rehearsal: z
      .enum(['Auto', 'Full', 'SchemaOnly', 'Off'])
      .default('Auto')
      .describe(
        'Run the plan first on a copy restored from the backup just taken. Auto: Full where size, room and rights allow. Write "Off" in quotes: YAML reads a bare Off as false.',
      ),
    redactData: z
      .boolean()
      .default(true)
      .describe(
        "Leave values of rows out of the status and the events where a server's message quotes them; the log of the pod has them.",
      ),
    roundTrip: z.boolean().default(true).describe('On the copy, also revert the plan and compare with the start.'),
  })
  .prefault({})
  .describe('What has to be proved before the database is touched.');

const validation = z
  .strictObject({
    before: z.enum(['Enforce', 'Warn', 'Skip']).default('Warn').describe('Compare the schema before the run.'),
    after: z.enum(['Enforce', 'Warn', 'Skip']).default('Enforce').describe('Compare the schema after the run.'),
    expect: z
      .enum(['Auto', 'Models', 'Replay'])
      .default('Auto')
      .describe('Compare with Sequelize models or with a replay of the migrations. Auto: models where given.'),
  })
  .prefault({})
  .describe('Whether the schema has to be the expected one.');

const backup = z
  .strictObject({
    enabled: z.boolean().default(true).describe('Take a backup before anything is applied.'),
    volume: z
      .strictObject({
        claimName: objectName.optional().describe('An existing claim.'),
        size: z
          .string()
          .min(1)
          .max(20)
          .regex(QUANTITY)
          .optional()
          .describe('Make a claim of this size, for example 10Gi; it outlives the resource.'),
        storageClassName: objectName.optional().describe('Storage class of the claim that is made.'),
      })
      .optional()
      .describe('The volume for backups.')
      .meta(
        cel(
          exactlyOne('claimName', 'size'),
          rule('!has(self.storageClassName) || has(self.size)', 'storageClassName goes with size'),
        ),
      ),
    compression: z.enum(['auto', 'none', 'gzip', 'zstd', 'lz4']).default('auto').describe('For PostgreSQL dumps.'),
    retain: z
      .strictObject({
        last: z.int().min(1).max(1000).default(10).describe('Keep at least this many.'),
        days: z
          .int()
          .min(0)
          .max(3650)
          .default(30)
          .describe('Keep those younger than this; 0 leaves it to `last` alone.'),
      })
      .prefault({})
      .describe('What pruning after a successful run keeps.'),
  })
  .prefault({})
  .describe('The backup taken before each run.');

const timeouts = z
  .strictObject({
    connect: duration.default('1m').describe('How long to try to connect.'),
    lock: duration.default('5s').describe("PostgreSQL's lock_timeout for each statement; retried with backoff."),
    statement: duration.default('0s').describe("PostgreSQL's statement_timeout; 0s is none."),
    run: duration.default('30m').describe('How long the whole run may take.'),
  })
  .prefault({})
  .describe('Durations such as 500ms, 30s, 1h30m.');

const retry = z
  .strictObject({
    limit: z
      .int()
      .min(0)
      .max(100)
      .default(3)
      .describe('Attempts after the first; only failures that are safe to retry count.'),
    backoff: duration.default('10s').describe('Wait before the first retry; doubles each time.'),
    maxBackoff: duration.default('10m').describe('The longest wait.'),
  })
  .prefault({})
  .describe('Retries of a failed run.');

const window = z
  .strictObject({
    cron: z.string().min(9).max(100).regex(CRON).describe('When the window opens, in cron form.'),
    duration: duration.describe('How long it stays open.'),
    timeZone: z.string().max(64).regex(TIME_ZONE).default('UTC').describe('IANA name.'),
  })
  .describe('A maintenance window: runs start only inside it.');

const runner = z
  .strictObject({
    image: z
      .string()
      .min(1)
      .max(500)
      .optional()
      .describe('Image of the runner; default: the one the operator is set up with.'),
    imagePullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']).optional().describe('When to pull it.'),
    imagePullSecrets: z
      .array(z.strictObject({ name: objectName }))
      .max(20)
      .optional()
      .describe('Pull Secrets.'),
    resources: anything.optional().describe('Resource requests and limits of the container.'),
    nodeSelector: z.record(z.string(), z.string()).optional().describe('Node labels.'),
    tolerations: z.array(anything).max(50).optional().describe('Tolerations of the pod.'),
    affinity: anything.optional().describe('Affinity of the pod.'),
    env: z.array(anything).max(100).optional().describe('Further environment variables for code migrations.'),
    labels: z.record(z.string(), z.string()).optional().describe('Further labels of the pod.'),
    annotations: z.record(z.string(), z.string()).optional().describe('Further annotations of the pod.'),
    serviceAccountName: objectName.optional().describe('Service account; its token is never mounted.'),
    priorityClassName: objectName.optional().describe('Priority class.'),
    runAsUser: z.int().min(1).optional().describe('User id, for volumes that belong to one; default 1000.'),
    fsGroup: z.int().min(1).optional().describe('Group id of the volumes; default 1000.'),
    ttlAfterFinished: duration
      .default('1h')
      .describe('How long a finished Job is kept; the status keeps what matters.'),
  })
  .prefault({})
  .describe('The pod that does the work.');

export const specSchema = z
  .strictObject({
    suspend: z.boolean().default(false).describe('Start no new run.'),
    execution: z
      .enum(['Job', 'Sidecar'])
      .default('Job')
      .describe('Job: the controller runs one. Sidecar: `db-manager sidecar` beside the application does it.'),
    database,
    migrations,
    models: z
      .strictObject({
        path: path.describe('Folder of Sequelize models, in the runner image or beside the migrations.'),
      })
      .optional()
      .describe('Sequelize models that say what the schema should be.'),
    target: z
      .string()
      .min(1)
      .max(200)
      .default('head')
      .describe('head, base, a revision or a unique start of one, +N or -N.'),
    allowDowngrade: z.boolean().default(false).describe('Allow the run to revert migrations.'),
    outOfOrder: z
      .enum(['Refuse', 'Allow'])
      .default('Refuse')
      .describe('What to do with a pending migration that sorts before an applied one.'),
    dryRun: z.boolean().default(false).describe('Do everything but write to the database.'),
    approval: z
      .enum(['Automatic', 'Manual', 'OnFindings'])
      .default('Automatic')
      .describe('Manual: every plan waits. OnFindings: a plan with findings waits.'),
    approvedPlan: z
      .string()
      .regex(/^sha256:[0-9a-f]{64}$/)
      .optional()
      .describe('Digest of the plan that may run, from status.plan.digest.'),
    safety,
    validation,
    backup,
    onFailure: z
      .enum(['Keep', 'Downgrade', 'Restore'])
      .default('Keep')
      .describe(
        'After a failed apply. Keep: leave what committed. Downgrade: revert it. Restore: bring back the backup; writes since then are lost.',
      ),
    timeouts,
    retry,
    window: window.optional(),
    dependsOn: z
      .array(z.strictObject({ name: objectName }))
      .max(20)
      .default([])
      .describe('DatabaseMigrations in this namespace that have to be Ready first.'),
    runner,
  })
  .describe('What the database should be brought to, and how carefully.')
  .meta(
    cel(
      // Here and not at `backup`: the API server holds a default against the rules of its own object before that
      // object's defaults are filled in.
      rule('!self.backup.enabled || has(self.backup.volume)', 'set backup.volume, or backup.enabled: false'),
      rule("self.onFailure != 'Restore' || self.backup.enabled", 'onFailure: Restore needs backup.enabled: true'),
      rule(
        "self.safety.rehearsal != 'Full' || self.backup.enabled",
        'safety.rehearsal: Full needs backup.enabled: true, since it restores that backup',
      ),
      rule(
        "!(self.target == 'base' || self.target.startsWith('-')) || self.allowDowngrade",
        'a target behind the current revision needs allowDowngrade: true',
      ),
      rule('!has(self.migrations.runnerImage) || has(self.runner.image)', 'migrations.runnerImage needs runner.image'),
    ),
  );

export type DatabaseMigrationSpec = z.infer<typeof specSchema>;
