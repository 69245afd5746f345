import { readFileSync } from 'node:fs';
import { ProblemError } from '../../core/model/problem.ts';

/** The variable with the path of a file that contains the database URL. */
export const URL_FILE = 'DATABASE_URL_FILE';

/** Throws ProblemError InvalidConfiguration, with the path and without its content. */
export function readUrlFile(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ProblemError(
      { reason: 'InvalidConfiguration', message: `The file in ${URL_FILE} cannot be read: ${why}.` },
      { cause },
    );
  }
}
