import { Argument, type Command, Option } from 'commander';
import { globalsOf } from '../globals.ts';
import type { Io } from '../io.ts';
import { seconds } from './cluster.ts';

/** A manifest here, without a cluster; and new migrations. */
export function registerRun(program: Command, io: Io): void {
  program
    .command('run')
    .summary('run a DatabaseMigration here, without a cluster')
    .description('Does locally what the Job in a cluster does and prints the status that the resource would get.')
    .requiredOption('-f, --filename <file>', 'manifest of a DatabaseMigration, YAML or JSON')
    .option('--volume <claim=folder>', 'folder that stands for a PersistentVolumeClaim; repeatable', collect, [])
    .action(async (options, command: Command) =>
      (await import('../commands/run.ts')).runManifest({ ...globalsOf(command, io), ...options }, io),
    );

  program
    .command('config')
    .summary('the settings that hold, and who said each; passwords are masked')
    .action(async (_, command: Command) => (await import('../commands/config.ts')).config(globalsOf(command, io), io));

  program
    .command('wait')
    .summary('wait until a revision is applied; exit 3 when the time is over')
    .description('Asks the database, not the Job: for an init container that holds an application back.')
    .option('--revision <revision>', 'a revision, the start of one, or head', 'head')
    .option('--timeout <duration>', 'such as 5m or 90s; a bare number is seconds, 0 waits for ever', seconds, 300)
    .action(async (options, command: Command) =>
      (await import('../commands/wait.ts')).wait({ ...globalsOf(command, io), ...options }, io),
    );

  program
    .command('schema')
    .summary('pictures of the schema')
    .command('diagram')
    .argument('[from:to]', 'what changes between two revisions; without it the database as it is')
    .addOption(new Option('--format <format>', 'default: by the extension, else mermaid').choices(['mermaid', 'svg']))
    .option('--output <file>', 'instead of standard output')
    .summary('the schema, or the difference between two revisions, as Mermaid or SVG')
    .action(async (range: string | undefined, options, command: Command) =>
      (await import('../commands/diagram.ts')).diagram(range, { ...globalsOf(command, io), ...options }, io),
    );
  program
    .command('completion')
    .summary('completion for a shell, to be sourced')
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
    .summary('create the database, and its tables from the models')
    .option('--no-tables', 'create the database only')
    .option('--migrate', 'make the tables by migrating instead')
    .action(async (options, command: Command) => (await tables()).init({ ...globalsOf(command, io), ...options }, io));
  program
    .command('create-tables')
    .summary('create the tables of the models that are not there yet')
    .action(async (_, command: Command) => (await tables()).createTables(globalsOf(command, io), io));
  program
    .command('drop-tables')
    .option('--force', 'do not ask')
    .summary('drop the tables of the models')
    .action(async (options, command: Command) =>
      (await tables()).dropTables({ ...globalsOf(command, io), ...options }, io),
    );
  program
    .command('generate')
    .argument('<message>', 'what the migration does')
    .option('--no-autogenerate', 'write an empty migration')
    .option('--format <format>', 'ts, js or sql; empty ones also in the forms of other tools', 'ts')
    .addOption(
      new Option(
        '--from <base>',
        'compare with an empty database: the first migration of tables that are there',
      ).choices(['base']),
    )
    .option('--rename <old=new>', 'a table, or table.column=new, is a rename; repeatable', collect, [])
    .option('--template <file>', 'a form of your own, with {{message}}, {{up}}, {{down}}, {{transaction}}')
    .summary('write a migration from the difference between models and database')
    .action(async (message, options, command: Command) =>
      (await import('../commands/generate.ts')).generate({ ...globalsOf(command, io), ...options, message }, io),
    );
}

function collect(value: string, before: string[]): string[] {
  return [...before, value];
}
