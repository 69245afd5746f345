import { type Command, Option } from 'commander';
import { globalsOf } from '../globals.ts';
import type { Io } from '../io.ts';

/** `lint`: rules on files, for a laptop and for CI. */
export function registerLint(program: Command, io: Io): void {
  program
    .command('lint')
    .argument('[paths...]', 'migrations or folders of them (default: the migrations folder)')
    .summary('the safety rules on migration files, without a database; exit 4 when there are errors')
    .addOption(
      new Option('--dialect <name>', 'whose SQL it is (default: as the database URL)').choices(['postgres', 'sqlite']),
    )
    .option('--server-version <version>', 'of the server that it will run on, such as 15 or 3.40 (default: the newest)')
    .addOption(
      new Option('--format <format>', 'how to print').choices(['text', 'json', 'sarif', 'github']).default('text'),
    )
    .action(async (paths, options, command: Command) =>
      (await import('../commands/lint.ts')).lint({ ...globalsOf(command, io), ...options, paths }, io),
    );
}
