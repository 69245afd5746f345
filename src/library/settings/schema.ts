import { z } from 'zod';
import { DURATION_PATTERN } from '../../core/model/duration.ts';
import { ProblemError } from '../../core/model/problem.ts';
import { queryCheckSchema } from '../../core/model/query-check.ts';
import type { Configuration } from './configuration.ts';

const text = z.string().min(1);
const duration = z.string().regex(new RegExp(DURATION_PATTERN), 'must be a duration such as 500ms, 30s or 1h30m');

const historySchema = z.strictObject({ schema: text.max(63).optional(), table: text.max(50).optional() });

const configurationSchema: z.ZodType<Configuration> = z.strictObject({
  databaseUrl: text.optional(),
  history: historySchema.optional(),
  migrations: text.optional(),
  include: z.array(text).min(1).optional(),
  exclude: z.array(text).optional(),
  models: text.optional(),
  template: text.optional(),
  backups: z
    .strictObject({
      folder: text.optional(),
      recipients: z.array(text).max(20).optional(),
      identityFile: text.optional(),
      schemas: z.array(z.string().min(1)).min(1).optional(),
      retain: z
        .strictObject({ last: z.int().min(1).max(1000).optional(), days: z.int().min(0).max(3650).optional() })
        .optional(),
      compression: z.enum(['auto', 'none', 'gzip', 'zstd', 'lz4']).optional(),
      integrityCheck: z.enum(['full', 'quick']).optional(),
    })
    .optional(),
  safety: z
    .strictObject({
      mode: z.enum(['Enforce', 'Warn', 'Disabled']).optional(),
      ignore: z.array(text).optional(),
      rehearsal: z.enum(['Auto', 'Full', 'SchemaOnly', 'Disabled']).optional(),
      roundTrip: z.boolean().optional(),
      rehearsalServer: z
        .union([z.enum(['Auto', 'Private', 'SameServer']), z.strictObject({ urlVariable: text })])
        .optional(),
    })
    .optional(),
  validation: z
    .strictObject({
      before: z.enum(['Enforce', 'Warn', 'Disabled']).optional(),
      after: z.enum(['Enforce', 'Warn', 'Disabled']).optional(),
      expect: z.enum(['Auto', 'Models', 'Replay']).optional(),
    })
    .optional(),
  checks: z.array(queryCheckSchema).max(50).optional(),
  timeouts: z
    .strictObject({
      connect: duration.optional(),
      lock: duration.optional(),
      statement: duration.optional(),
      run: duration.optional(),
    })
    .optional(),
  outOfOrder: z.enum(['Refuse', 'Allow']).optional(),
  unknownApplied: z.enum(['Refuse', 'Accept', 'Downgrade']).optional(),
  onFailure: z.enum(['Keep', 'Downgrade', 'Restore']).optional(),
  terminateSessions: z.boolean().optional(),
});

/** Throws ProblemError InvalidConfiguration with all errors at once; no message contains a value. */
export function parseConfiguration(value: unknown, source: string): Configuration {
  const parsed = configurationSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const mistakes = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'the whole'}: ${issue.message}`);
  throw new ProblemError({ reason: 'InvalidConfiguration', message: `${source}: ${mistakes.join('; ')}.` });
}
