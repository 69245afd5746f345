import { defineCommand } from '../command.ts';
import { print } from '../output/print.ts';

export const createTables = defineCommand({
  name: 'create-tables',
  group: 'Repair and import:',
  summary: 'create the missing tables of the models',
  examples: ['db-manager create-tables --models ./models'],
  async action(options, io) {
    const { createAllTables } = await import('../../library/tables.ts');
    print(io, options, await createAllTables(options), ({ tables }) =>
      tables.length === 0 ? 'All tables of the models already exist.' : `created ${tables.join(', ')}`,
    );
  },
});
