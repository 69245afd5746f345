import { defineCommand } from '../command.ts';
import { print } from '../output/print.ts';

export const migrateDowngrade = defineCommand<{ target: string; singleTransaction?: boolean }>({
  name: 'migrate downgrade',
  group: 'From a model to a migration:',
  summary: 'revert to a revision atomically, under the migration lock',
  examples: ['db-manager migrate downgrade -1', 'db-manager migrate downgrade base'],
  configure: (command) =>
    command
      .argument('<target>', 'base, a revision or its unique prefix, or -N')
      .option('--single-transaction', 'run all migrations in one transaction'),
  async action(options, io) {
    const { downgradeDatabase } = await import('../../library/migrate.ts');
    const { renderMigrated } = await import('../output/migrated.ts');
    print(io, options, await downgradeDatabase(options), (done) => renderMigrated(done, 'reverted'));
  },
});
