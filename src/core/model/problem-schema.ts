import { z } from 'zod';
import { REASON_NAMES } from './reason.ts';

/** A position in a migration file; line and column start at 1. */
export const positionSchema = z.object({ file: z.string(), line: z.int(), column: z.int() });

/** An expected failure as a value: its reason, and a message that ends with what to do. */
export const failureSchema = z.object({
  reason: z.enum(REASON_NAMES),
  message: z.string(),
  migration: z.string().optional(),
  /** The failed statement, truncated; never with its bound values. */
  statement: z.string().optional(),
  position: positionSchema.optional(),
  /** The database's own error code: an SQLSTATE or `SQLITE_…`. */
  code: z.string().optional(),
});
