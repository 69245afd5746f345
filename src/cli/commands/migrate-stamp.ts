import { defineCommand } from '../command.ts';
import { print } from '../output/print.ts';

export const migrateStamp = defineCommand<{ target: string }>({
  name: 'migrate stamp',
  group: 'From a model to a migration:',
  summary: 'mark migrations as applied without running them',
  examples: ['db-manager migrate stamp head'],
  configure: (command) => command.argument('<target>', 'head, base or a revision'),
  async action(options, io) {
    const { stampDatabase } = await import('../../library/history.ts');
    const stamped = await stampDatabase(options);
    print(io, options, stamped, ({ revision }) => `The history is now at ${revision}; no migration was run.`);
  },
});
