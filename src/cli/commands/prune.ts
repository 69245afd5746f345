import { invalidConfiguration } from '../../core/model/problem.ts';
import { defineCommand } from '../command.ts';
import { wholeNumber } from '../options.ts';
import { print } from '../output/print.ts';

export const prune = defineCommand<{ keepLast?: number; keepDays?: number; dryRun?: boolean }>({
  name: 'prune',
  group: 'Backups:',
  summary: 'delete old backups of this database',
  examples: ['db-manager prune --dry-run', 'db-manager prune --keep-last 5 --keep-days 14'],
  configure: (command) =>
    command
      .option('--keep-last <n>', 'keep at least this many backups (default: backups.retain.last, 10)', wholeNumber)
      .option(
        '--keep-days <n>',
        'keep backups younger than this number of days (default: backups.retain.days, 30)',
        wholeNumber,
      )
      .option('--dry-run', 'list the backups to delete, but keep them'),
  async action(options, io) {
    if (options.keepLast !== undefined && options.keepLast < 1)
      throw invalidConfiguration('--keep-last must be at least 1: the newest backup is always kept.');
    const { pruneBackups } = await import('../../library/backups.ts');
    print(io, options, await pruneBackups({ ...options, last: options.keepLast, days: options.keepDays }), (gone) =>
      gone.length === 0
        ? 'No backup is old enough to be removed.'
        : `${gone.length} ${options.dryRun === true ? 'would be removed' : 'removed'}: ${gone.map(({ manifest }) => manifest.name).join(', ')}`,
    );
  },
});
