import { Option } from 'commander';
import { defineCommand } from '../command.ts';
import { addRunOptions, printRun, type RunOptions } from '../run-options.ts';

const STATEMENTS = { enforce: 'Enforce', warn: 'Warn', ignore: 'Ignore' } as const;

interface WrapCommandOptions extends RunOptions {
  command: string[];
  urlEnv?: string;
  urlFormat?: string;
  workingDir?: string;
  down?: string;
  statements?: keyof typeof STATEMENTS;
}

export const wrap = defineCommand<WrapCommandOptions>({
  name: 'wrap',
  group: 'Production:',
  summary: 'run the command of another migration tool with all steps: check, back up, rehearse, apply, verify',
  description:
    'The command runs twice: on the restored copy, then on the target. Write it after --. It gets the URL of a proxy on this machine in an environment variable.',
  examples: [
    'db-manager wrap -- alembic upgrade head',
    'db-manager wrap --dry-run --report run.html -- npx knex migrate:latest',
    'db-manager wrap --url-env FLYWAY_URL --url-format jdbc -- flyway migrate',
  ],
  configure(command) {
    command
      .argument('<command...>', 'program and arguments; they run without a shell')
      .option('--url-env <name>', 'environment variable with the URL for the command (default: DATABASE_URL)')
      .option(
        '--url-format <format>',
        'given, uri, jdbc, or a template with {host}, {port}, {user}, {password}, {database}; SQLite: {path} (default: given)',
      )
      .option('--working-dir <folder>', 'working directory of the command')
      .option('--down <command>', 'command line that reverts the run, for onFailure: Downgrade; a shell runs it')
      .addOption(
        new Option(
          '--statements <mode>',
          'a statement that was not sent in the rehearsal is refused, reported or ignored (default: enforce)',
        ).choices(Object.keys(STATEMENTS)),
      );
    addRunOptions(command, {
      copied: 'command',
      dryRun: 'run all steps without running the command on the target',
    });
  },
  async action({ statements, down, ...options }, io) {
    const { wrapCommand } = await import('../../library/wrap.ts');
    await printRun(options, io, (common) =>
      wrapCommand({
        ...common,
        down: down === undefined ? undefined : ['/bin/sh', '-c', down],
        statements: statements === undefined ? undefined : STATEMENTS[statements],
        onOutput: (line, stage) => io.err(`${stage} | ${line}`),
      }),
    );
  },
});
