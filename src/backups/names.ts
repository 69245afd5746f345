import type { BackupManifest } from '../core/model/backup.ts';
import { ProblemError } from '../core/model/problem.ts';

/** File extensions of backups; both are formats of the databases' own tools. */
export const EXTENSIONS = {
  sqlite: '.db',
  'pg_dump-custom': '.dump',
} as const satisfies Record<BackupManifest['format'], string>;

/** Prefix of a backup that is not complete yet; names with this prefix are never listed. */
export const PARTIAL_PREFIX = '.db-manager-partial-';

const STEM = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
const OF_A_BACKUP = /\.(db|dump)(\.age)?$/;
/** Of a backup that is encrypted with age; `age -d` asks for nothing else. */
export const ENCRYPTED = '.age';

/** `backup_20240601_120000`, in UTC. */
export function stemAt(now: Date): string {
  const digits = now.toISOString().replace(/[^0-9]/g, '');
  return `backup_${digits.slice(0, 8)}_${digits.slice(8, 14)}`;
}

/** The name without its extension. */
export function stemOf(name: string): string {
  return name.replace(OF_A_BACKUP, '');
}

/** The n-th candidate for an unused name: `backup_…`, `backup_…_2`, … */
export function nthStem(stem: string, n: number): string {
  return n === 1 ? stem : `${stem}_${n}`;
}

/** A name that the user chose, without extension. Throws ProblemError InvalidConfiguration. */
export function chosenStem(name: string): string {
  const stem = stemOf(name);
  if (STEM.test(stem)) return stem;
  throw new ProblemError({
    reason: 'InvalidConfiguration',
    message:
      `"${name}" is not a valid backup name. Use at most 100 letters, digits, dots, dashes and underscores, ` +
      'and start with a letter or a digit.',
  });
}

/** The name of a backup by the file of its data, which differs after `rekey`. */
export function backupNameOf(file: string): string {
  return file.replace(/\.r[0-9a-f]{6}(?=\.(db|dump)\.age$)/, '');
}

/** A new file for the data of a backup. */
export function rekeyedFileOf(name: string, digits: string): string {
  return name.replace(/(?=\.(db|dump)\.age$)/, `.r${digits}`);
}

export function manifestNameOf(name: string): string {
  return `${name}.json`;
}

/** The full report of the run that took a backup, as JSON. It is not a manifest, so its name has a different ending. */
export function reportNameOf(name: string): string {
  return `${name}.report`;
}

/** The page of that report. */
export function pageNameOf(report: string): string {
  return `${report}.html`;
}

/** The report of a run that took no backup. */
export function runReportName(startedAt: Date, runId: string): string {
  // The end of an id is what differs between the runs of one resource.
  const id = runId.replaceAll(/[^A-Za-z0-9]/g, '').slice(-8) || 'run';
  return reportNameOf(`${stemAt(startedAt).replace('backup', 'run')}_${id}`);
}

/** The backup that belongs to a manifest's file name, or undefined if the file is not a manifest. */
export function nameOfManifest(file: string): string | undefined {
  const name = file.endsWith('.json') ? file.slice(0, -'.json'.length) : undefined;
  return name !== undefined && !name.startsWith('.') && OF_A_BACKUP.test(name) ? name : undefined;
}

/** Whether db-manager generates such names: a backup with such a name and without a manifest is reported. */
export function looksLikeBackup(file: string): boolean {
  return /^backup_\d{8}_\d{6}(_[0-9a-f]+)?\.(db|dump|dir)(\.age)?$/.test(file);
}

/** Newest first; within one second `_10` is newer than `_2`. */
export function newestFirst(a: { manifest: BackupManifest }, b: { manifest: BackupManifest }): number {
  const byTime = Date.parse(b.manifest.takenAt) - Date.parse(a.manifest.takenAt);
  return byTime || stemOf(b.manifest.name).localeCompare(stemOf(a.manifest.name), 'en', { numeric: true });
}
