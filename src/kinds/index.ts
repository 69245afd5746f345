import { databaseBackup } from './backup/index.ts';
import type { AnyKind } from './kind.ts';
import { databaseRestore } from './restore/index.ts';
import { databaseBackupSchedule } from './schedule/index.ts';

/** Every kind next to DatabaseMigration. A new one is a folder and a line here. */
export const KINDS: readonly AnyKind[] = [databaseBackup, databaseBackupSchedule, databaseRestore];
