import { readFileSync } from 'node:fs';
import { BACKUP_IDENTITY_VARIABLES, SECRET_VARIABLES } from '../core/model/run-variables.ts';

/** Variables that always hold a secret. */
const ALWAYS = [
  'DATABASE_URL',
  'DATABASE_PASSWORD',
  'PGPASSWORD',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  BACKUP_IDENTITY_VARIABLES.text,
];
/** Variables with the file of a login. */
const LOGIN_FILES = ['DATABASE_URL_FILE', 'DATABASE_PASSWORD_FILE'];
/** Placeholders of Flyway that are secrets by their names. */
const SECRET_PLACEHOLDER = /^FLYWAY_PLACEHOLDERS_.*(?:PASS|SECRET|TOKEN|KEY)/i;

/**
 * The values that must not leave this process: those of the variables that came from Secrets, which are listed in
 * `DB_MANAGER_SECRET_VARIABLES`, and of the files that are listed in `DB_MANAGER_SECRET_FILES`.
 */
export function secretValues(env: Readonly<Record<string, string | undefined>>): string[] {
  const listed = (variable: string) => (env[variable] ?? '').split(',').filter((name) => name !== '');
  const placeholders = Object.keys(env).filter((name) => SECRET_PLACEHOLDER.test(name));
  const variables = [...ALWAYS, ...placeholders, ...listed(SECRET_VARIABLES.names)].map((name) => env[name] ?? '');
  const files = [...listed(SECRET_VARIABLES.files), ...LOGIN_FILES.map((name) => env[name] ?? '')];
  return [...variables, ...files.map(contentOf)].filter((value) => value !== '');
}

function contentOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // the code that needs the file reports the error
  }
}
