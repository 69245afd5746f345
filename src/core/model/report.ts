import { z } from 'zod';
import { failureSchema, positionSchema } from './problem-schema.ts';
import { REASON_NAMES } from './reason.ts';
import { STEP_NAMES } from './step.ts';

/**
 * What a run found and did. The controller's only source for the result of a run: the last JSON
 * line of the pod's log and, truncated to 4096 bytes, its termination message.
 */
const reason = z.enum(REASON_NAMES);

const stepReportSchema = z.object({
  step: z.enum(STEP_NAMES),
  kind: z.enum(['done', 'skipped', 'blocked', 'failed']),
  reason: reason.optional(),
  message: z.string(),
  /** ISO 8601 in UTC: end of the step. */
  at: z.string(),
  seconds: z.number(),
});

/** One result of a safety rule for a plan. */
export const findingSchema = z.object({
  rule: z.string().describe('ID of the rule, for example index-without-concurrently.'),
  severity: z.enum(['error', 'warning', 'notice']).describe('An error blocks the run, unless safety.mode is Warn.'),
  message: z.string().describe('What the statement would do.'),
  advice: z.string().describe('The safe alternative.'),
  migration: z.string().optional().describe('The migration with the statement.'),
  statement: z.string().optional().describe('The statement, truncated.'),
  position: positionSchema.optional(),
});

/** One preflight check of the environment of the database, before a run changes anything. */
export const checkSchema = z.object({
  name: z.string(),
  result: z.enum(['passed', 'warning', 'failed']),
  message: z.string(),
});

/** What one migration did on the rehearsal copy. */
export const effectsSchema = z.object({
  revision: z.string(),
  seconds: z.number(),
  statements: z.int(),
  /** Strongest lock on each table, for example `AccessExclusiveLock`, and the longest time that it was held. */
  locks: z.array(z.object({ table: z.string(), mode: z.string(), seconds: z.number().optional() })),
  /** Tables whose storage was rewritten. */
  rewrites: z.array(z.string()),
  /** Row counts of the tables in which they changed; null on the side where a table does not exist. */
  rows: z.array(
    z.object({
      table: z.string(),
      before: z.number().nullable(),
      after: z.number().nullable(),
      /** Its name before, if the migration renamed it. */
      was: z.string().optional(),
      /** The table that it was a partition of before, or is one of now. */
      partOf: z.string().optional(),
    }),
  ),
});

/** Number of findings per severity, if not all findings are listed. */
export const findingCountsSchema = z.object({
  error: z.int().describe('Number of errors.'),
  warning: z.int().describe('Number of warnings.'),
  notice: z.int().describe('Number of notices.'),
});

/** The parts that the report of a run and the status of its resource share. */
export const planSchema = z.object({
  digest: z.string().describe('Value for spec.approvedPlan.'),
  direction: z.enum(['up', 'down']).describe('up: migrations are applied. down: migrations are reverted.'),
  migrations: z.array(z.string()).describe('Migrations of the plan, in order; limited in number.'),
  more: z.int().optional().describe('Number of migrations that are not listed.'),
});

export const takenBackupSchema = z.object({
  name: z.string().describe('Name of the backup.'),
  path: z.string().describe('Path of the file in the pod, or its URL in the object store.'),
  sizeBytes: z.number().meta({ type: 'integer', format: 'int64' }).describe('Size in bytes.'),
  sha256: z.string().describe('SHA-256 of the file.'),
  takenAt: z.string().meta({ format: 'date-time' }).describe('When the backup was completed.'),
  verifiedBy: z
    .enum(['Checksum', 'Rehearsal'])
    .describe('Checksum: the file was read again. Rehearsal: it was also restored into the copy.'),
});

export const safetySchema = z.object({
  result: z
    .enum(['Passed', 'Warned', 'Blocked', 'Disabled'])
    .describe('Passed: no errors and no warnings. Warned: findings that do not block. Blocked: the run stopped.'),
  checks: z.array(checkSchema),
  findings: z.array(findingSchema),
});

export const rehearsalSchema = z.object({
  result: z
    .enum(['Full', 'SchemaOnly', 'Skipped', 'Failed'])
    .describe('Full: on a copy with all rows. SchemaOnly: on a copy without rows.'),
  message: z.string(),
  seconds: z.number().describe('Duration of the migrations on the copy, in seconds.'),
  roundTrip: z
    .enum(['passed', 'failed', 'skipped'])
    .describe('Whether reverting the plan on the copy restored the original schema.'),
  migrations: z.array(effectsSchema),
  /** Number of migrations whose effects are omitted. */
  more: z.int().optional(),
});

/** Differences between the expected schema and the schema that was found; empty lists if they agree. */
export const schemaDifferencesSchema = z.object({
  before: z.array(z.string()).optional().describe('Differences before the run.'),
  after: z.array(z.string()).optional().describe('Differences after the run.'),
});

export const runReportSchema = z.object({
  version: z.literal(1),
  runId: z.string(),
  attempt: z.int(),
  toolVersion: z.string(),
  startedAt: z.string(),
  finishedAt: z.string(),
  result: z.enum(['succeeded', 'blocked', 'failed']),
  reason,
  message: z.string(),
  /** Whether the same request may be retried automatically. */
  retry: z.enum(['safe', 'never']),
  /** Whether the target database was changed, except for the row of the run in the table of runs. */
  touched: z.boolean(),
  dryRun: z.boolean(),
  steps: z.array(stepReportSchema),
  database: z.string().optional(),
  currentRevision: z.string().optional(),
  targetRevision: z.string().optional(),
  pending: z.int().optional(),
  plan: planSchema.optional(),
  applied: z.array(z.object({ revision: z.string(), seconds: z.number() })),
  backup: takenBackupSchema.optional(),
  safety: safetySchema.optional(),
  rehearsal: rehearsalSchema.optional(),
  schema: schemaDifferencesSchema.optional(),
  failure: failureSchema.optional(),
  /** The last lines of the command of another tool, masked. */
  output: z.array(z.string()).optional(),
  findings: findingCountsSchema.optional(),
  /** Path of the file that has the whole report. */
  whole: z.string().optional(),
  /** Path of the page of the run, an HTML file. */
  page: z.string().optional(),
});

export type RunReport = z.infer<typeof runReportSchema>;
export type StepReport = z.infer<typeof stepReportSchema>;

/** Progress of a step; at most a few events per second. Bytes for backup and restore, migrations for apply. */
const progressSchema = z.object({
  step: z.enum(STEP_NAMES),
  done: z.number(),
  total: z.number().optional(),
  unit: z.enum(['bytes', 'migrations', 'rows', 'tables']),
  label: z.string().optional(),
});

export type Progress = z.infer<typeof progressSchema>;

/** One JSON line of the standard output of a runner. */
export const runEventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('started'), runId: z.string(), step: z.enum(STEP_NAMES), at: z.string() }),
  z.object({ type: z.literal('progress'), runId: z.string(), progress: progressSchema }),
  z.object({ type: z.literal('step'), runId: z.string(), report: stepReportSchema }),
  z.object({ type: z.literal('report'), report: runReportSchema }),
]);

export type RunEvent = z.infer<typeof runEventSchema>;
