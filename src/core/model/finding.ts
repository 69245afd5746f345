import type { z } from 'zod';
import type { checkSchema, findingSchema } from './report.ts';

/** One result of a safety rule for a plan. */
export type Finding = z.infer<typeof findingSchema>;

export type Severity = Finding['severity'];

/** One preflight check of the environment of the database, before a run changes anything. */
export type CheckResult = z.infer<typeof checkSchema>;

/** The results that one preflight check can have. */
export const resultsOf = (name: string) => ({
  passed: (message: string): CheckResult => ({ name, result: 'passed', message }),
  warning: (message: string): CheckResult => ({ name, result: 'warning', message }),
  failed: (message: string): CheckResult => ({ name, result: 'failed', message }),
});
