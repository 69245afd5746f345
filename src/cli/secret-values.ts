import { readFileSync } from 'node:fs';
import { SECRET_VARIABLES } from '../core/model/request.ts';

/** Variables that hold a secret wherever they are set. */
const ALWAYS = ['DATABASE_URL', 'DATABASE_PASSWORD', 'PGPASSWORD'];

/**
 * The values that may leave this process nowhere: those of the variables that came from Secrets, which whoever starts it
 * names in `DB_MANAGER_SECRET_VARIABLES`, and of the files that it names in `DB_MANAGER_SECRET_FILES`.
 */
export function secretValues(env: Readonly<Record<string, string | undefined>>): string[] {
  const listed = (variable: string) => (env[variable] ?? '').split(',').filter((name) => name !== '');
  const variables = [...ALWAYS, ...listed(SECRET_VARIABLES.names)].map((name) => env[name] ?? '');
  return [...variables, ...listed(SECRET_VARIABLES.files).map(contentOf)].filter((value) => value !== '');
}

function contentOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // whoever needs the file says so
  }
}
