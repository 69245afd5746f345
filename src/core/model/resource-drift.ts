import { z } from 'zod';
import { CRON, TIME_ZONE } from './schema-helpers.ts';

/** `spec.drift` and `status.drift` of a DatabaseMigration. */
export const drift = z
  .strictObject({
    schedule: z.string().min(9).max(100).regex(CRON).describe('When to check, as a cron expression.'),
    timeZone: z.string().max(64).regex(TIME_ZONE).default('UTC').describe('IANA time zone of the cron expression.'),
    onDrift: z
      .enum(['Report', 'BlockNextRun'])
      .default('Report')
      .describe('Report: set the condition InSync. BlockNextRun: also start no run until a check finds no difference.'),
    ignore: z
      .array(z.string().min(1).max(200))
      .max(100)
      .default([])
      .describe('Objects that may differ, as patterns over table or table.name: audit_*, orders.note.'),
  })
  .describe('Regular comparison of the live schema with the applied migrations.');

const time = z.string().meta({ format: 'date-time' }).optional();

export const driftStatus = z
  .object({
    job: z.string().optional().describe('Name of the Job of the last check.'),
    scheduledFor: time.describe('The time of the schedule that the last check was for.'),
    requested: z.string().optional().describe('Value of the annotation db-manager.dev/check-drift that was last read.'),
    checkedAt: time.describe('When the last check ended.'),
    nextCheckAt: time.describe('When the next check is due.'),
    total: z.int().optional().describe('Number of differences.'),
    ignored: z.int().optional().describe('Number of differences that spec.drift.ignore left out.'),
    differences: z
      .array(
        z.object({
          message: z.string().describe('The difference.'),
          sql: z.string().optional().describe('The SQL that undoes the difference.'),
        }),
      )
      .optional()
      .describe('The first differences.'),
  })
  .describe('The last comparison of the live schema with the applied migrations.');

export type DriftStatus = z.infer<typeof driftStatus>;
