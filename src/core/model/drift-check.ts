import { z } from 'zod';
import { REASON_NAMES } from './reason.ts';
import { runRequestSchema } from './request.ts';

/** The environment variable with the request of the pod of a drift check, as JSON. */
export const DRIFT_REQUEST_VARIABLE = 'DB_MANAGER_DRIFT_REQUEST';

/** What the Job of a drift check does. It contains no secrets. */
export const driftRequestSchema = runRequestSchema
  .pick({ version: true, runId: true, database: true, history: true, migrations: true, timeouts: true })
  .extend({ rehearsalServer: runRequestSchema.shape.safety.shape.rehearsalServer, ignore: z.array(z.string()) });

export type DriftRequest = z.infer<typeof driftRequestSchema>;

/** The termination message of such a pod. `result: failed`: nothing is known about the schema. */
export const driftReportSchema = z.object({
  version: z.literal(1),
  result: z.enum(['succeeded', 'failed']),
  reason: z.enum(REASON_NAMES),
  message: z.string().max(4_000),
  finishedAt: z.iso.datetime(),
  total: z.int().min(0),
  ignored: z.int().min(0),
  differences: z.array(z.object({ message: z.string().max(2_000), sql: z.string().max(2_000).optional() })).max(100),
});

export type DriftReport = z.infer<typeof driftReportSchema>;

/** Characters of a difference, and bytes of the whole report: a termination message has at most 4,096. */
const LIMITS = { message: 300, sql: 500, bytes: 3_800 } as const;

/** The report with as many differences as fit. `total` counts all. */
export function boundDriftReport(report: DriftReport): DriftReport {
  const kept: DriftReport['differences'] = [];
  const sizeOf = (differences: DriftReport['differences']) =>
    new TextEncoder().encode(JSON.stringify({ ...report, differences })).length;
  for (const { message, sql } of report.differences) {
    // SQL that was cut must not be typed, so it is left out.
    const short = {
      message: message.slice(0, LIMITS.message),
      ...(sql !== undefined && sql.length <= LIMITS.sql ? { sql } : {}),
    };
    if (sizeOf([...kept, short]) > LIMITS.bytes) break;
    kept.push(short);
  }
  return { ...report, differences: kept };
}
