import { bytesText } from '../../core/model/bytes.ts';
import { defineCommand } from '../command.ts';
import { withoutObjects } from '../output/backup.ts';
import { print } from '../output/print.ts';

export const listBackups = defineCommand({
  name: 'list-backups',
  group: 'Backups:',
  summary: 'list complete backups, newest first',
  examples: ['db-manager list-backups', 'db-manager list-backups --backups /mnt/backups'],
  async action(options, io) {
    const { listBackups } = await import('../../library/backups.ts');
    const { renderTable } = await import('../output/table.ts');
    const found = await listBackups(options);
    print(io, options, { ...found, backups: found.backups.map(withoutObjects) }, ({ backups, unreadable }) => {
      if (backups.length === 0 && unreadable.length === 0) return 'There are no backups. Take one: db-manager backup';
      const rows = backups.map(({ manifest }) => [
        manifest.name,
        bytesText(manifest.sizeBytes),
        manifest.takenAt,
        manifest.revision,
        manifest.database.display,
      ]);
      const lines =
        rows.length === 0 ? [] : [renderTable(['NAME', 'SIZE', 'TAKEN AT', 'REVISION', 'DATABASE'], rows, io.columns)];
      return [...lines, ...unreadable.map(({ path, why }) => `not a backup: ${path}: ${why}`)].join('\n');
    });
  },
});
