import { z } from 'zod';
import { DOCUMENTATION } from './documentation.ts';
import { failureSchema } from './problem-schema.ts';
import {
  findingCountsSchema,
  findingSchema,
  planSchema,
  rehearsalSchema,
  safetySchema,
  schemaDifferencesSchema,
  takenBackupSchema,
} from './report.ts';
import { driftStatus } from './resource-drift.ts';
import { notifyStatus } from './resource-notify.ts';

/** `DatabaseMigration.status`. Written by the controller alone, from `summarize`; lists are capped at `STATUS_LIST_LIMIT`. */
export const STATUS_LIST_LIMIT = 50;
export const HISTORY_LIMIT = 10;

const optionalText = (about: string) => z.string().optional().describe(about);

export const conditionSchema = z.object({
  type: z
    .string()
    .max(316)
    .describe(
      'Reachable, Planned, Safe, BackedUp, Rehearsed, Applied, Verified, Ready, Reconciling, Stalled, InSync, Notified.',
    ),
  status: z.enum(['True', 'False', 'Unknown']).describe('Unknown: the step was not reached, or was skipped.'),
  reason: z
    .string()
    .max(1024)
    .describe(`Machine-readable reason; each is described in ${DOCUMENTATION}/reference/reasons.md.`),
  message: z.string().max(32768).describe('Human-readable message.'),
  lastTransitionTime: z
    .string()
    .meta({ format: 'date-time' })
    .describe('When the status of the condition last changed.'),
  observedGeneration: z.int().min(0).optional().describe('Generation of the spec that the condition is about.'),
});

export type Condition = z.infer<typeof conditionSchema>;

export const statusSchema = z
  .object({
    observedGeneration: z.int().optional().describe('Generation of the spec that this status was computed from.'),
    conditions: z
      .array(conditionSchema)
      .optional()
      .describe('Conditions of the last run, in order of its steps.')
      .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] }),
    summary: optionalText('Short state of the current or last run, for `kubectl get`.'),
    database: optionalText('The database, without any secret.'),
    currentRevision: optionalText('The last applied migration, or base.'),
    targetRevision: optionalText('Migration that the target resolves to.'),
    pending: z.int().optional().describe('Number of pending migrations.'),
    plan: planSchema.optional().describe('The last plan.'),
    run: z
      .object({
        id: z.string().describe('ID of the run; `db-manager runs show` finds it in the database.'),
        job: optionalText('Name of its Job.'),
        attempt: z.int().describe('Number of the attempt with these inputs; the first is 1.'),
        inputs: optionalText('Digest of all inputs of the run; a change triggers a new run.'),
        references: optionalText(
          'Digest of the versions of the Secrets, claims and ConfigMaps of the run; after RetryLimitReached, a change starts an attempt.',
        ),
        step: optionalText('Current step of the run.'),
        progress: optionalText('Progress of that step.'),
        startedAt: z.string().meta({ format: 'date-time' }).optional().describe('When the run started.'),
        finishedAt: z.string().meta({ format: 'date-time' }).optional().describe('When the run ended.'),
        result: z
          .enum(['succeeded', 'blocked', 'failed'])
          .optional()
          .describe('blocked: the run stopped until a person acts.'),
        retry: z.enum(['safe', 'never']).optional().describe('Whether the run can be retried.'),
        retryAt: z.string().meta({ format: 'date-time' }).optional().describe('Time of the next retry.'),
      })
      .optional()
      .describe('The last or current run.'),
    backup: takenBackupSchema.optional().describe('The last backup.'),
    safety: z
      .object({
        result: safetySchema.shape.result,
        checks: z
          .array(z.string())
          .describe('Checks that did not pass, one per line, and the names of those that passed.'),
        findings: z
          .array(
            findingSchema.omit({ position: true }).extend({
              at: optionalText('File, line and column of the first finding.'),
              also: z.array(z.string()).optional().describe('The other places that the rule found, one per line.'),
            }),
          )
          .optional()
          .describe('Errors and warnings, one entry per rule.'),
        notices: z.array(z.string()).optional().describe('Notices, one line per rule.'),
        counts: findingCountsSchema.optional().describe('Number of findings, if not all are listed.'),
        more: z.int().optional().describe('Number of errors and warnings that are not listed.'),
      })
      .optional()
      .describe('Checks and findings of the last run.'),
    rehearsal: rehearsalSchema
      .extend({
        message: optionalText('Why the rehearsal was not Full.'),
        migrations: z.array(z.string()).describe('Locks, rewrites and rows of the slowest migrations, one per line.'),
        more: z.int().optional().describe('Number of migrations that are not listed; the whole report has all.'),
      })
      .optional()
      .describe('Effects of the plan on the copy.'),
    schema: schemaDifferencesSchema.optional().describe('Differences from the expected schema, if there are any.'),
    report: optionalText('Path of the file with the whole report of the last run, on the volume of its backup.'),
    reportPage: optionalText('Path of the page of the last run, an HTML file, on the volume of its backup.'),
    drift: driftStatus.optional(),
    notify: notifyStatus.optional(),
    failure: failureSchema
      .extend({ log: z.array(z.string()).optional().describe('Last lines of the log of the pod.') })
      .optional()
      .describe('Why the last run failed. Kept after the Job and its pod are deleted.'),
    history: z
      .array(
        z.object({
          run: z.string().describe('ID of the run.'),
          from: optionalText('Revision before the run.'),
          to: optionalText('Revision after the run.'),
          result: z.enum(['succeeded', 'blocked', 'failed']).describe('How the run ended.'),
          reason: z.string().describe('Reason of its end.'),
          startedAt: z.string().meta({ format: 'date-time' }).optional().describe('When the run started.'),
          finishedAt: z.string().meta({ format: 'date-time' }).optional().describe('When the run ended.'),
          backup: optionalText('Name of the backup that the run took.'),
        }),
      )
      .optional()
      .describe('The last ten runs, newest first.'),
  })
  .describe('Observed state.');

export type DatabaseMigrationStatus = z.infer<typeof statusSchema>;
