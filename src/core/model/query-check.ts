import { z } from 'zod';
import { cel, rule } from './schema-helpers.ts';

/** A query that must return true before or after a run. */
export const queryCheckSchema = z
  .strictObject({
    name: z
      .string()
      .min(1)
      .max(63)
      .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/)
      .describe('Name of the check in messages and in the status.'),
    sql: z
      .string()
      .min(1)
      .max(4000)
      .describe('One query with one row and one column, or an expression. It runs in a read-only transaction.'),
    when: z
      .enum(['Before', 'After', 'Always'])
      .default('After')
      .describe('Before: before the plan runs. After: after it has run. Always: both.'),
  })
  .meta(cel(rule("self.sql.matches('[^\\\\s;]')", 'sql must have a query')));

export type QueryCheck = z.infer<typeof queryCheckSchema>;

/** `spec.checks`. */
export const queryChecks = z
  .array(queryCheckSchema)
  .max(50)
  .optional()
  .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] })
  .describe(
    'Queries that must return true for the run to continue. Each runs on the copy and on the target. No row and NULL are not true.',
  );
