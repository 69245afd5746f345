import { type Command, Option } from 'commander';
import { globalsOf } from '../globals.ts';
import type { Io } from '../io.ts';

/** `lint`: checks files without a database, for a developer's machine and for CI. */
export function registerLint(program: Command, io: Io): void {
  program
    .command('lint')
    .argument('[paths...]', 'migration files or folders (default: the migrations folder)')
    .summary('check migration files against the safety rules, without a database; exit 4 if there are errors')
    .addOption(
      new Option('--dialect <name>', 'SQL dialect (default: the dialect of the database URL)').choices([
        'postgres',
        'sqlite',
      ]),
    )
    .option('--server-version <version>', 'version of the target server, such as 15 or 3.40 (default: the newest)')
    .addOption(
      new Option('--format <format>', 'output format').choices(['text', 'json', 'sarif', 'github']).default('text'),
    )
    .action(async (paths, options, command: Command) =>
      (await import('../commands/lint.ts')).lint({ ...globalsOf(command, io), ...options, paths }, io),
    );
}
