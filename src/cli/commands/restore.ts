import { bytesText } from '../../core/model/bytes.ts';
import { defineCommand } from '../command.ts';
import { withoutObjects } from '../output/backup.ts';
import { confirm } from '../output/confirm.ts';
import { print } from '../output/print.ts';

interface RestoreCommandOptions {
  file: string;
  force?: boolean;
  into?: string;
  terminateSessions?: boolean;
}

/** Asks first, because everything written after the backup is lost. */
export const restore = defineCommand<RestoreCommandOptions>({
  name: 'restore',
  group: 'Backups:',
  summary: 'replace the content of the database with a backup, after a safety backup',
  examples: ['db-manager restore latest', 'db-manager restore before_release --into sqlite:///copy.db --force'],
  configure: (command) =>
    command
      .argument('<file>', 'name, unique prefix of a name, path, or latest')
      .option('--force', 'skip the confirmation')
      .option('--into <url>', 'restore into this database, also if the backup is of a different one')
      .option('--terminate-sessions', 'terminate other sessions of the target'),
  async action({ into, force, ...options }, io) {
    if (force !== true) {
      const { displayOf } = await import('../output/display-of.ts');
      const database = await displayOf({ ...options, databaseUrl: into ?? options.databaseUrl });
      const question = `Replace the content of ${database} with ${options.file}? Everything written since that backup is lost.`;
      await confirm(io, false, question);
    }
    const { restoreDatabase } = await import('../../library/backups.ts');
    const { progressBar } = await import('../output/progress-bar.ts');
    const bar = progressBar(io, 'restore');
    const done = await restoreDatabase({
      ...options,
      databaseUrl: into ?? options.databaseUrl,
      into: into !== undefined,
      onProgress: (_, part, total) => bar.update(part, total),
      onMessage: (message) => {
        bar.stop();
        options.onMessage?.(message);
      },
    }).finally(bar.stop);
    const shown = {
      ...done,
      backup: withoutObjects(done.backup),
      ...(done.safetyBackup && { safetyBackup: withoutObjects(done.safetyBackup) }),
    };
    print(io, options, shown, ({ backup, safetyBackup, kept }) => {
      const safety = safetyBackup === undefined ? '' : `\nSafety backup of the previous content: ${safetyBackup.path}`;
      const old =
        kept === undefined ? '' : `\nThe previous database was kept as ${kept.name} (${bytesText(kept.sizeBytes)})`;
      return `${backup.manifest.name} restored; the database is at ${backup.manifest.revision}.${safety}${old}`;
    });
  },
});
