import { defineCommand } from '../command.ts';
import { type UnknownAppliedOption, unknownAppliedOf, unknownAppliedOption } from '../options.ts';
import { print } from '../output/print.ts';

export const migrateUpgrade = defineCommand<{
  target: string;
  singleTransaction?: boolean;
  create?: boolean;
  unknownApplied?: UnknownAppliedOption;
}>({
  name: 'migrate upgrade',
  group: 'From a model to a migration:',
  summary: 'apply pending migrations atomically, under the migration lock',
  examples: ['db-manager migrate upgrade', 'db-manager migrate upgrade +1', 'db-manager migrate upgrade 20240601'],
  configure: (command) =>
    command
      .argument('[target]', 'head, a revision or its unique prefix, +N', 'head')
      .option('--single-transaction', 'run all migrations in one transaction')
      .option('--create', 'create a missing PostgreSQL database')
      .addOption(unknownAppliedOption('downgrade')),
  async action({ unknownApplied, ...options }, io) {
    const { upgradeDatabase } = await import('../../library/migrate.ts');
    const { renderMigrated } = await import('../output/migrated.ts');
    print(io, options, await upgradeDatabase({ ...options, ...unknownAppliedOf(unknownApplied) }), (done) =>
      renderMigrated(done, 'applied'),
    );
  },
});
