import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Backup, BackupManifest } from '../core/model/backup.ts';
import { backupManifestSchema } from '../core/model/backup-manifest.ts';
import { ProblemError } from '../core/model/problem.ts';
import { isErrno } from './durable.ts';
import { sizeOf } from './hash.ts';
import { manifestNameOf } from './names.ts';

export function manifestText(manifest: BackupManifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/**
 * Reads the manifest next to a backup and checks that the file exists and has the recorded size; `verifyBackup`
 * checks the content. Throws ProblemError BackupNotFound or BackupInvalid.
 */
export async function readBackup(path: string): Promise<Backup> {
  const absolute = resolve(path);
  const name = basename(absolute);
  const manifest = await readManifest(absolute);
  const invalid = (message: string) => new ProblemError({ reason: 'BackupInvalid', message });
  if (manifest.name !== name) {
    throw invalid(`The manifest of ${name} belongs to ${manifest.name}. Rename the backup to that name.`);
  }
  const sizeBytes = await existingSize(absolute);
  if (sizeBytes === undefined) throw invalid(`${name} has a manifest, but its backup file is missing.`);
  if (sizeBytes !== manifest.sizeBytes) {
    throw invalid(
      `${name} has ${sizeBytes} bytes, but its manifest records ${manifest.sizeBytes}: it was truncated or changed.`,
    );
  }
  return { path: absolute, manifest };
}

async function readManifest(path: string): Promise<BackupManifest> {
  const name = basename(path);
  const file = join(dirname(path), manifestNameOf(name));
  const invalid = (message: string, cause?: unknown) =>
    new ProblemError({ reason: 'BackupInvalid', message }, { cause });
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ENOTDIR')) throw invalid(`The manifest of ${name} cannot be read.`, error);
    if ((await existingSize(path)) === undefined) {
      throw new ProblemError({
        reason: 'BackupNotFound',
        message: `The backup ${path} does not exist. To list the backups: \`db-manager list-backups\`.`,
      });
    }
    throw invalid(`${name} has no manifest (${manifestNameOf(name)}), so its integrity cannot be checked.`);
  }
  try {
    const parsed = backupManifestSchema.safeParse(JSON.parse(text));
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    throw invalid(`The manifest of ${name} is not valid: ${issue?.path.join('.')}: ${issue?.message}.`);
  } catch (error) {
    if (error instanceof SyntaxError) throw invalid(`The manifest of ${name} is not valid JSON.`, error);
    throw error;
  }
}

async function existingSize(path: string): Promise<number | undefined> {
  try {
    await stat(path);
    return await sizeOf(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}
