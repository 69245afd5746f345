import { z } from 'zod';
import { anything, cel, path, rule } from './schema-helpers.ts';

const words = z.array(z.string().max(4096)).max(100);

/** `spec.migrations.command`: the command of another migration tool. */
export const command = z
  .strictObject({
    image: z
      .string()
      .min(1)
      .max(500)
      .describe('Image that contains the tool and the migrations. db-manager need not be in it.'),
    pullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']).optional().describe('When to pull.'),
    command: words.min(1).describe('Program and arguments, for example ["alembic", "upgrade", "head"]. No shell.'),
    args: words.default([]).describe('More arguments.'),
    workingDir: path.optional().describe('Working directory. Default: that of the image.'),
    env: z.array(anything).max(100).optional().describe('Environment variables of the command.'),
    envFrom: z
      .array(anything)
      .max(20)
      .optional()
      .describe('ConfigMaps and Secrets whose keys are environment variables of the command.'),
    resources: anything.optional().describe('Resource requests and limits of the containers of the command.'),
    urlEnv: z
      .string()
      .max(100)
      .regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
      .default('DATABASE_URL')
      .describe('Environment variable in which the command expects the URL.'),
    urlFormat: z
      .string()
      .min(1)
      .max(500)
      .default('given')
      .describe(
        'given (the form of the database URL), uri, jdbc, or a template with {host}, {port}, {user}, {password}, {database}; for SQLite {path}.',
      ),
    statements: z
      .enum(['Enforce', 'Warn', 'Ignore'])
      .default('Enforce')
      .describe('A statement that was not sent in the rehearsal is refused, reported or ignored.'),
    down: words.min(1).optional().describe('Program and arguments that revert the run, for onFailure: Downgrade.'),
  })
  .describe('Command of another migration tool. It runs on the restored copy, then on the database.')
  .meta(
    cel(
      rule(
        "self.urlFormat in ['given', 'uri', 'jdbc'] || self.urlFormat.contains('{')",
        'urlFormat is given, uri, jdbc, or a template with {host}, {port}, {user}, {password}, {database} or {path}',
      ),
    ),
  );
