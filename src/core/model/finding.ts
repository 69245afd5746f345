import type { z } from 'zod';
import type { checkSchema, findingSchema } from './report.ts';

/** One result of a safety rule for a plan. */
export type Finding = z.infer<typeof findingSchema>;

export type Severity = Finding['severity'];

/** One preflight check of the environment of the database, before a run changes anything. */
export type CheckResult = z.infer<typeof checkSchema>;
