import type { Backup, BackupManifest } from '../core/model/backup.ts';
import { backupManifestSchema } from '../core/model/backup-manifest.ts';
import { displayPlace } from '../core/model/backup-place.ts';
import { ProblemError } from '../core/model/problem.ts';
import { manifestNameOf } from './names.ts';

export function manifestText(manifest: BackupManifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** The file of the data, next to the manifest. */
export function dataNameOf({ file, name }: Pick<BackupManifest, 'file' | 'name'>): string {
  return file ?? name;
}

/** The manifest of the backup `name`. Throws ProblemError BackupInvalid. */
export function parseManifest(name: string, text: string): BackupManifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalid(`The manifest of ${name} is not valid JSON.`, error);
  }
  const { success, data, error } = backupManifestSchema.safeParse(value);
  if (!success) {
    const { version } = (value ?? {}) as { version?: unknown };
    if (typeof version === 'number' && version > 1) {
      throw invalid(
        `${name} was written by a newer db-manager (manifest version ${version}). Use that version of db-manager.`,
      );
    }
    const [issue] = error.issues;
    throw invalid(`The manifest of ${name} is not valid: ${issue?.path.join('.')}: ${issue?.message}.`);
  }
  if (data.name !== name) {
    throw invalid(`The manifest of ${name} belongs to ${data.name}. Rename the backup to that name.`);
  }
  return data;
}

/** A manifest; undefined if the text is not one. */
export function readable(text: string): BackupManifest | undefined {
  try {
    const parsed = backupManifestSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/** A backup whose data has this size; undefined if the data is missing. Throws ProblemError BackupInvalid. */
export function backupOf(path: string, manifest: BackupManifest, sizeBytes: number | undefined): Backup {
  const { name } = manifest;
  if (sizeBytes === undefined)
    throw invalid(
      `${name} has a manifest, but its backup file is missing. It was deleted by something else, for example a lifecycle rule.`,
    );
  if (sizeBytes !== manifest.sizeBytes) {
    throw invalid(
      `${name} has ${sizeBytes} bytes, but its manifest records ${manifest.sizeBytes}: it was truncated or changed.`,
    );
  }
  return { path, manifest };
}

export function withoutManifest(name: string): ProblemError {
  return invalid(`${name} has no manifest (${manifestNameOf(name)}), so its integrity cannot be checked.`);
}

export function noSuchBackup(path: string): ProblemError {
  return new ProblemError({
    reason: 'BackupNotFound',
    message: `The backup ${displayPlace(path)} does not exist. To list the backups: \`db-manager list-backups\`.`,
  });
}

export function invalid(message: string, cause?: unknown): ProblemError {
  return new ProblemError({ reason: 'BackupInvalid', message }, { cause });
}
