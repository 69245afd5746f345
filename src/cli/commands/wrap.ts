import { Option } from 'commander';
import { REASONS } from '../../core/model/reason.ts';
import { defineCommand } from '../command.ts';
import {
  addCheckOptions,
  checksOf,
  type QueryCheckOptions,
  type RehearsalOptions,
  rehearsalOf,
  rehearsalOptions,
} from '../options.ts';
import { print } from '../output/print.ts';

const STATEMENTS = { enforce: 'Enforce', warn: 'Warn', ignore: 'Ignore' } as const;

interface WrapCommandOptions extends RehearsalOptions, QueryCheckOptions {
  command: string[];
  urlEnv?: string;
  urlFormat?: string;
  workingDir?: string;
  down?: string;
  statements?: keyof typeof STATEMENTS;
  dryRun?: boolean;
  create?: boolean;
  backup: boolean;
  backupName?: string;
  /** Digest of the plan. */
  approve?: string;
  /** The file of the page. */
  report?: string;
  redactLiterals?: boolean;
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
    const [mode, server] = rehearsalOptions('command');
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
      )
      .option('--dry-run', 'run all steps without running the command on the target')
      .option('--create', 'create a missing PostgreSQL database')
      .option('--no-backup', 'take no backup; the rehearsal then runs on the schema only')
      .addOption(mode)
      .addOption(server)
      .option('--backup-name <name>', 'name of the backup (default: backup_YYYYMMDD_HHMMSS)')
      .option(
        '--approve <digest>',
        'run this plan despite its findings; the message that refused the plan contains the digest',
      )
      .option('--report <file>', 'also write the HTML page of the run to this file')
      .option('--redact-literals', 'leave the literals in SQL out of the page');
    addCheckOptions(command);
  },
  async action(
    { rehearsal, statements, approve, down, check, checkBefore, report: file, redactLiterals, ...options },
    io,
  ) {
    const { wrapCommand } = await import('../../library/wrap.ts');
    const { renderReport } = await import('../output/report.ts');
    const { runView } = await import('../output/run-view.ts');
    const view = options.json === true ? undefined : runView(io);
    const report = await wrapCommand({
      ...options,
      down: down === undefined ? undefined : ['/bin/sh', '-c', down],
      moreChecks: checksOf({ check, checkBefore }),
      approvedPlan: approve,
      report: { file, redactLiterals },
      statements: statements === undefined ? undefined : STATEMENTS[statements],
      ...rehearsalOf({ rehearsal }),
      onEvent: (event) => view?.show(event),
      onOutput: (line, stage) => io.err(`${stage} | ${line}`),
    });
    view?.close();
    print(io, options, report, (done) => renderReport(done, io));
    io.setExitCode(REASONS[report.reason].exit);
  },
});
