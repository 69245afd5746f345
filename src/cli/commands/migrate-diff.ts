import { defineCommand } from '../command.ts';
import { print } from '../output/print.ts';

/** Exit 3 if a file differs from what was applied. */
export const migrateDiff = defineCommand<{ revision?: string }>({
  name: 'migrate diff',
  group: 'From a model to a migration:',
  summary: 'compare a file with the text that was applied; exit 3 if they differ',
  examples: ['db-manager migrate diff', 'db-manager migrate diff 20240601'],
  configure: (command) =>
    command.argument('[revision]', 'an applied revision or its unique prefix (default: every edited file)'),
  async action(options, io) {
    const { diffMigrations } = await import('../../library/stored.ts');
    const compared = await diffMigrations(options);
    const differing = compared.filter(({ same }) => !same);
    print(io, options, compared, () =>
      differing.length === 0
        ? 'No file differs from the applied text.'
        : differing.map(({ diff }) => diff.trimEnd()).join('\n'),
    );
    if (differing.length > 0) io.setExitCode(3);
  },
});
