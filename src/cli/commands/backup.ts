import { Option } from 'commander';
import { bytesText } from '../../core/model/bytes.ts';
import { defineCommand } from '../command.ts';
import { commaSeparated } from '../options.ts';
import { withoutObjects } from '../output/backup.ts';
import { print } from '../output/print.ts';

export const backup = defineCommand<{ name?: string; schemas?: string[]; integrityCheck?: 'full' | 'quick' }>({
  name: 'backup',
  group: 'Backups:',
  summary: 'take a backup and verify that it is complete',
  examples: ['db-manager backup', 'db-manager backup --name before_release'],
  configure: (command) =>
    command
      .option('--name <name>', 'name of the backup (default: backup_YYYYMMDD_HHMMSS)')
      .option('--schemas <names>', 'PostgreSQL: only these schemas, separated by commas', commaSeparated)
      .addOption(
        new Option(
          '--integrity-check <level>',
          'SQLite: full compares indexes with tables, quick does not (default: setting backups.integrityCheck, else full)',
        ).choices(['full', 'quick']),
      ),
  async action(options, io) {
    const { backupDatabase } = await import('../../library/backups.ts');
    const { progressBar } = await import('../output/progress-bar.ts');
    const bar = progressBar(io, 'backup');
    const taken = await backupDatabase({ ...options, onProgress: bar.update }).finally(bar.stop);
    print(io, options, withoutObjects(taken), ({ path, manifest }) =>
      [
        path,
        `${bytesText(manifest.sizeBytes)}, at ${manifest.revision}, sha256 ${manifest.sha256}`,
        ...(manifest.leftOut ?? []),
      ].join('\n  '),
    );
  },
});
