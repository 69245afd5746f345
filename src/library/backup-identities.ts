import { readFile } from 'node:fs/promises';
import { invalidConfiguration } from '../core/model/problem.ts';
import { BACKUP_IDENTITY_VARIABLES } from '../core/model/run-variables.ts';
import { Secret } from '../core/model/secret.ts';

/**
 * The identities of age that read encrypted backups: of the file of the settings, else of the file or the text that the
 * environment names. Empty if there is none. Throws ProblemError InvalidConfiguration if the file cannot be read.
 */
export async function backupIdentities(
  { identityFile }: { identityFile?: string },
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<Secret[]> {
  const file = identityFile ?? env[BACKUP_IDENTITY_VARIABLES.file];
  const text = file ? await readIdentity(file) : (env[BACKUP_IDENTITY_VARIABLES.text] ?? '');
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => new Secret(line));
}

async function readIdentity(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw invalidConfiguration(`The identity for backups cannot be read: ${why}.`, cause);
  }
}
