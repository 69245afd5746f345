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
 * Reads the manifest beside a backup and holds it against the file's presence and size; the content is
 * `verifyBackup`'s. Throws ProblemError BackupNotFound or BackupInvalid.
 */
export async function readBackup(path: string): Promise<Backup> {
  const absolute = resolve(path);
  const name = basename(absolute);
  const manifest = await readManifest(absolute);
  const invalid = (message: string) => new ProblemError({ reason: 'BackupInvalid', message });
  if (manifest.name !== name) {
    throw invalid(`${name} is not the backup that its manifest is of (${manifest.name}). Rename it back.`);
  }
  const sizeBytes = await existingSize(absolute);
  if (sizeBytes === undefined) throw invalid(`${name} has a manifest, but the backup itself is gone.`);
  if (sizeBytes !== manifest.sizeBytes) {
    throw invalid(
      `${name} is ${sizeBytes} bytes long where its manifest says ${manifest.sizeBytes}: it was truncated or altered.`,
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
        message: `There is no backup ${path}. \`db-manager list-backups\` lists them.`,
      });
    }
    throw invalid(`${name} has no manifest (${manifestNameOf(name)}), so nothing tells whether it is whole.`);
  }
  try {
    const parsed = backupManifestSchema.safeParse(JSON.parse(text));
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    throw invalid(`The manifest of ${name} is not valid: ${issue?.path.join('.')}: ${issue?.message}.`);
  } catch (error) {
    if (error instanceof SyntaxError) throw invalid(`The manifest of ${name} is no JSON.`, error);
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
