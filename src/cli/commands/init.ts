import { defineCommand } from '../command.ts';
import { print } from '../output/print.ts';

export const init = defineCommand<{ tables: boolean; migrate?: boolean }>({
  name: 'init',
  group: 'From a model to a migration:',
  summary: 'create the database and its tables from the models',
  examples: ['db-manager --database-url sqlite:///data/app.db init', 'db-manager init --migrate'],
  configure: (command) =>
    command
      .option('--no-tables', 'create the database only')
      .option('--migrate', 'create the tables by running the migrations instead'),
  async action({ tables, migrate, ...options }, io) {
    const { initDatabase } = await import('../../library/tables.ts');
    const done = await initDatabase({
      ...options,
      tables: tables ? (migrate === true ? 'Migrate' : 'Models') : 'None',
    });
    print(io, options, done, ({ database, tables: made, revision, notes }) =>
      [
        `${database} exists${made.length > 0 ? `, with ${made.join(', ')}` : ''}; it is at ${revision}.`,
        ...notes.map((note) => `  ${note}`),
      ].join('\n'),
    );
  },
});
