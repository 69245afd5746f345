import { ProblemError } from '../core/model/problem.ts';
import type { Revision } from '../core/model/revision.ts';
import { type ScaffoldFormat, writeMigration } from '../migrations/scaffold.ts';
import { type Options, placesOf } from './settings.ts';

export interface GenerateOptions extends Options {
  /** What the migration does; its name is made of it. */
  message: string;
  /** Default `ts`. */
  format?: ScaffoldFormat;
}

export interface Generated {
  revision: Revision;
  /** Absolute paths, the one that goes up first. */
  files: string[];
}

/**
 * Writes an empty migration with up and down, whose name sorts after every one that is there; makes the folder where
 * it is missing. Needs no database. Throws ProblemError.
 *
 * @example
 * const { files } = await generateMigration({ message: 'add orders', migrations: './migrations', format: 'sql' });
 */
export async function generateMigration(options: GenerateOptions): Promise<Generated> {
  const { migrations } = await placesOf(options);
  const { message, format = 'ts' } = options;
  const written = await writeMigration(migrations, { message, format, now: new Date() });
  if (!written.ok) throw new ProblemError(written.problem);
  const { revision, files } = written;
  return { revision, files };
}
