import { Argument, type Command, Option } from 'commander';
import { globalsOf } from '../globals.ts';
import type { Io } from '../io.ts';
import { seconds } from './cluster.ts';

/** Local runs of a manifest, and the commands for new migrations. */
export function registerRun(program: Command, io: Io): void {
  program
    .command('run')
    .summary('run a DatabaseMigration locally, without a cluster')
    .description('Runs the manifest as the Job in a cluster would, and prints the status that the resource would have.')
    .requiredOption('-f, --filename <file>', 'manifest of a DatabaseMigration, YAML or JSON')
    .option('--volume <claim=folder>', 'local folder to use for a PersistentVolumeClaim; repeatable', collect, [])
    .action(async (options, command: Command) =>
      (await import('../commands/run.ts')).runManifest({ ...globalsOf(command, io), ...options }, io),
    );

  program
    .command('config')
    .summary('show the effective settings and their sources; passwords are masked')
    .action(async (_, command: Command) => (await import('../commands/config.ts')).config(globalsOf(command, io), io));

  program
    .command('wait')
    .summary('wait until a revision is applied; exit 3 on timeout')
    .description('Queries the database, not the Job: for an init container that delays the start of an application.')
    .option('--revision <revision>', 'a revision, its unique prefix, or head', 'head')
    .option(
      '--timeout <duration>',
      'such as 5m or 90s; a number without a unit is seconds, 0 waits without a limit',
      seconds,
      300,
    )
    .action(async (options, command: Command) =>
      (await import('../commands/wait.ts')).wait({ ...globalsOf(command, io), ...options }, io),
    );

  program
    .command('schema')
    .summary('draw the schema')
    .command('diagram')
    .argument('[from:to]', 'draw the changes between two revisions (default: the current schema)')
    .addOption(
      new Option('--format <format>', 'default: from the file extension, else mermaid').choices(['mermaid', 'svg']),
    )
    .option('--output <file>', 'output file (default: standard output)')
    .summary('draw the schema, or the difference between two revisions, as Mermaid or SVG')
    .action(async (range: string | undefined, options, command: Command) =>
      (await import('../commands/diagram.ts')).diagram(range, { ...globalsOf(command, io), ...options }, io),
    );
  program
    .command('completion')
    .summary('print a completion script for a shell')
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish']))
    .action(async (shell: 'bash' | 'zsh' | 'fish') => {
      const { placesOf } = await import('../completion/tree.ts');
      const write = {
        bash: async () => (await import('../completion/bash.ts')).bash,
        zsh: async () => (await import('../completion/zsh.ts')).zsh,
        fish: async () => (await import('../completion/fish.ts')).fish,
      }[shell];
      io.out((await write())(placesOf(program)).trimEnd());
    });

  const tables = () => import('../commands/tables.ts');
  program
    .command('init')
    .summary('create the database and its tables from the models')
    .option('--no-tables', 'create the database only')
    .option('--migrate', 'create the tables by running the migrations instead')
    .action(async (options, command: Command) => (await tables()).init({ ...globalsOf(command, io), ...options }, io));
  program
    .command('create-tables')
    .summary('create the missing tables of the models')
    .action(async (_, command: Command) => (await tables()).createTables(globalsOf(command, io), io));
  program
    .command('drop-tables')
    .option('--force', 'skip the confirmation')
    .summary('drop the tables of the models')
    .action(async (options, command: Command) =>
      (await tables()).dropTables({ ...globalsOf(command, io), ...options }, io),
    );
  program
    .command('generate')
    .argument('<message>', 'what the migration does')
    .option('--no-autogenerate', 'write an empty migration')
    .option('--format <format>', 'ts, js or sql; an empty migration also in the format of another tool', 'ts')
    .addOption(
      new Option('--from <base>', 'compare with an empty database, for the first migration of existing tables').choices(
        ['base'],
      ),
    )
    .option('--rename <old=new>', 'treat a table, or a column (table.column=new), as renamed; repeatable', collect, [])
    .option('--template <file>', 'custom template with {{message}}, {{up}}, {{down}}, {{transaction}}')
    .summary('write a migration from the difference between models and database')
    .action(async (message, options, command: Command) =>
      (await import('../commands/generate.ts')).generate({ ...globalsOf(command, io), ...options, message }, io),
    );
}

function collect(value: string, before: string[]): string[] {
  return [...before, value];
}
