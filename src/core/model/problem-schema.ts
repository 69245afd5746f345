import { z } from 'zod';
import { REASON_NAMES } from './reason.ts';

/** A position in a migration file; line and column start at 1. */
export const positionSchema = z.object({
  file: z.string().describe('Path of the file in the folder of migrations.'),
  line: z.int().describe('Line; the first is 1.'),
  column: z.int().describe('Column; the first is 1.'),
});

/** An expected failure as a value: its reason, and a message that ends with what to do. */
export const failureSchema = z.object({
  reason: z.enum(REASON_NAMES).describe('Machine-readable reason of the failure.'),
  message: z.string().describe('What happened, and what to do.'),
  migration: z.string().optional().describe('The migration that failed.'),
  statement: z.string().optional().describe('The statement that failed, truncated, without its bound values.'),
  position: positionSchema.optional().describe('Position of the statement in its file.'),
  code: z.string().optional().describe('Error code of the database: an SQLSTATE or SQLITE_...'),
});
