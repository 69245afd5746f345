import { defineCommand } from '../command.ts';
import { type UnknownAppliedOption, unknownAppliedOf, unknownAppliedOption } from '../options.ts';
import { addRunOptions, printRun, type RunOptions } from '../run-options.ts';

interface SafeMigrateCommandOptions extends RunOptions {
  target: string;
  allowDowngrade?: boolean;
  unknownApplied?: UnknownAppliedOption;
}

export const safeMigrate = defineCommand<SafeMigrateCommandOptions>({
  name: 'safe-migrate',
  group: 'Production:',
  summary: 'run all steps: check, back up, rehearse, apply, verify',
  examples: [
    'db-manager safe-migrate --dry-run',
    'db-manager safe-migrate --backup-name before_release',
    'db-manager safe-migrate --unknown-applied downgrade',
    'db-manager safe-migrate --report run.html',
    "db-manager safe-migrate --check 'SELECT count(*) > 0 FROM orders'",
  ],
  configure(command) {
    command
      .option('--target <target>', 'head, a revision or its unique prefix, +N, -N', 'head')
      .addOption(unknownAppliedOption())
      .option('--allow-downgrade', 'allow a target older than the current revision');
    addRunOptions(command, { copied: 'plan', dryRun: 'run all steps without writing to the database' });
  },
  async action({ unknownApplied, ...options }, io) {
    const { keepYoungObjectsSmall } = await import('../young-objects.ts');
    keepYoungObjectsSmall();
    const { safeMigrate } = await import('../../library/safe-migrate.ts');
    await printRun(options, io, (common) => safeMigrate({ ...common, ...unknownAppliedOf(unknownApplied) }));
  },
});
