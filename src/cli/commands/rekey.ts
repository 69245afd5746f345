import { defineCommand } from '../command.ts';
import { withoutObjects } from '../output/backup.ts';
import { print } from '../output/print.ts';

export const rekey = defineCommand<{ file: string }>({
  name: 'rekey',
  group: 'Backups:',
  summary: 'encrypt a backup for other recipients, without the database',
  examples: ['db-manager rekey latest --identity key.txt --recipients age1new,age1other'],
  configure: (command) => command.argument('<file>', 'name, unique prefix of a name, path, or latest'),
  async action(options, io) {
    const { rekeyBackup } = await import('../../library/backups.ts');
    const done = withoutObjects(await rekeyBackup(options));
    print(io, options, done, ({ manifest }) =>
      [`${manifest.name} is encrypted for:`, ...(manifest.encryption?.recipients ?? [])].join('\n  '),
    );
  },
});
