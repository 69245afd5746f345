import { defineCommand } from '../command.ts';
import { withoutObjects } from '../output/backup.ts';
import { print } from '../output/print.ts';

export const verifyBackup = defineCommand<{ file: string }>({
  name: 'verify-backup',
  group: 'Backups:',
  summary: 'read a backup again and verify its hash',
  examples: ['db-manager verify-backup latest'],
  configure: (command) => command.argument('<file>', 'name, unique prefix of a name, path, or latest'),
  async action(options, io) {
    const { verifyBackup } = await import('../../library/backups.ts');
    const { describeRestored } = await import('../../backups/restored.ts');
    const verified = withoutObjects(await verifyBackup(options));
    print(io, options, verified, ({ path, manifest }) =>
      [`${path} is complete (sha256 ${manifest.sha256}).`, describeRestored(verified) ?? ''].join('\n').trimEnd(),
    );
  },
});
