import { defineCommand } from '../command.ts';
import { confirm } from '../output/confirm.ts';
import { print } from '../output/print.ts';

export const dropTables = defineCommand<{ force?: boolean }>({
  name: 'drop-tables',
  group: 'Repair and import:',
  summary: 'drop the tables of the models',
  examples: ['db-manager drop-tables', 'db-manager drop-tables --force'],
  configure: (command) => command.option('--force', 'skip the confirmation'),
  async action({ force, ...options }, io) {
    if (force !== true) {
      const { displayOf } = await import('../output/display-of.ts');
      await confirm(io, false, `Drop all tables of the models and their rows in ${await displayOf(options)}?`);
    }
    const { dropAllTables } = await import('../../library/tables.ts');
    print(io, options, await dropAllTables(options), ({ tables }) =>
      tables.length === 0
        ? 'There was nothing to drop.'
        : `dropped ${tables.join(', ')}\nThe history is unchanged. To record that no migration is applied: db-manager migrate stamp base`,
    );
  },
});
