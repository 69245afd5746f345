import { z } from 'zod';

/** A command of another migration tool: how it is run, and how it gets the database. */
export const commandSchema = z.strictObject({
  /** Program and arguments. */
  run: z.array(z.string()).min(1),
  /** Program and arguments that revert the run, for `onFailure: Downgrade`. */
  down: z.array(z.string()).min(1).optional(),
  /** Relative to the working directory of the process. */
  workingDir: z.string().optional(),
  /** The environment variable with the URL of the database. */
  urlVariable: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of an environment variable'),
  /** `given` (as the database URL), `uri`, `jdbc`, or a template with {host}, {port}, {user}, {password}, {database}; for SQLite with {path}. */
  urlFormat: z.string().min(1),
  /** What happens with a statement that was not sent in the rehearsal. */
  statements: z.enum(['Enforce', 'Warn', 'Ignore']),
});

export type Command = z.infer<typeof commandSchema>;

/** The database as a command reaches it: PostgreSQL through the proxy, SQLite as a file. */
export type CommandPlace =
  | { dialect: 'postgres'; host: string; port: number; user: string; database: string; token: string }
  | { dialect: 'sqlite'; path: string };
