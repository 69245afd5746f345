import type { Backup } from '../core/model/backup.ts';

export interface UnreadableBackup {
  path: string;
  /** As a sentence. */
  why: string;
}

export interface BackupList {
  /** Newest first. They exist and have the expected size; `verifyBackup` reads their content. */
  backups: Backup[];
  /** Names that look like a backup but are not valid: the manifest is missing or unreadable, or a file is missing or truncated. */
  unreadable: UnreadableBackup[];
}
