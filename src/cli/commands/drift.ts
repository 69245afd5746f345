import { Option } from 'commander';
import { defineCommand } from '../command.ts';
import { commaSeparated, rehearsalServerOption } from '../options.ts';
import { print } from '../output/print.ts';

/** Exit 3 if the live schema differs. */
export const drift = defineCommand<{ against: 'migrations' | 'models'; ignore?: string[] }>({
  name: 'drift',
  group: 'Production:',
  summary: 'find what was changed in the live schema outside the migrations, with the SQL that undoes it',
  description:
    'Compares the live schema with a replay of the applied migrations. Waits for a run in progress; changes nothing. Exit code 3: there is a difference.',
  examples: [
    'db-manager drift',
    "db-manager drift --ignore 'audit_*,orders.note' --json",
    'db-manager drift --against models',
  ],
  configure: (command) =>
    command
      .addOption(
        new Option('--against <schema>', 'what the schema should be')
          .choices(['migrations', 'models'])
          .default('migrations'),
      )
      .option('--ignore <patterns>', 'tables, or objects as table.name, that may differ', commaSeparated)
      .addOption(rehearsalServerOption()),
  async action(options, io) {
    const { findDrift } = await import('../../library/drift.ts');
    const { renderDrift } = await import('../output/drift.ts');
    const result = await findDrift(options);
    print(io, options, result, renderDrift);
    if (!result.inSync) io.setExitCode(3);
  },
});
