import { Option } from 'commander';
import { REASONS } from '../../core/model/reason.ts';
import { defineCommand } from '../command.ts';
import { type UnknownAppliedOption, unknownAppliedOf, unknownAppliedOption } from '../options.ts';
import { print } from '../output/print.ts';

const REHEARSALS = { auto: 'Auto', full: 'Full', schema: 'SchemaOnly', disabled: 'Disabled' } as const;

const REHEARSAL_SERVERS = { auto: 'Auto', private: 'Private', 'same-server': 'SameServer' } as const;

interface SafeMigrateCommandOptions {
  target: string;
  dryRun?: boolean;
  create?: boolean;
  backup: boolean;
  rehearsal?: keyof typeof REHEARSALS;
  rehearsalServer?: keyof typeof REHEARSAL_SERVERS;
  backupName?: string;
  allowDowngrade?: boolean;
  unknownApplied?: UnknownAppliedOption;
  /** Digest of the plan. */
  approve?: string;
  /** The file of the page. */
  report?: string;
  redactLiterals?: boolean;
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
  ],
  configure: (command) =>
    command
      .option('--target <target>', 'head, a revision or its unique prefix, +N, -N', 'head')
      .option('--dry-run', 'run all steps without writing to the database')
      .option('--create', 'create a missing PostgreSQL database')
      .option('--no-backup', 'take no backup; the rehearsal then runs on the schema only')
      .addOption(
        new Option('--rehearsal <mode>', 'copy on which the plan runs first (default: safety.rehearsal, auto)').choices(
          Object.keys(REHEARSALS),
        ),
      )
      .addOption(
        new Option(
          '--rehearsal-server <where>',
          'server of the copy of a PostgreSQL database: a private one, or the same one (default: safety.rehearsalServer, auto)',
        ).choices(Object.keys(REHEARSAL_SERVERS)),
      )
      .option('--backup-name <name>', 'instead of backup_YYYYMMDD_HHMMSS')
      .addOption(unknownAppliedOption())
      .option('--allow-downgrade', 'allow a target older than the current revision')
      .option(
        '--approve <digest>',
        'run this plan despite its findings; the message that refused the plan contains the digest',
      )
      .option('--report <file>', 'also write the HTML page of the run to this file')
      .option('--redact-literals', 'leave the literals in SQL out of the page'),
  async action({ rehearsal, rehearsalServer, approve, unknownApplied, report: file, redactLiterals, ...options }, io) {
    const { safeMigrate } = await import('../../library/safe-migrate.ts');
    const { renderReport } = await import('../output/report.ts');
    const { runView } = await import('../output/run-view.ts');
    const view = options.json === true ? undefined : runView(io);
    const report = await safeMigrate({
      ...options,
      ...unknownAppliedOf(unknownApplied),
      approvedPlan: approve,
      report: { file, redactLiterals },
      rehearsal: rehearsal === undefined ? undefined : REHEARSALS[rehearsal],
      rehearsalServer: rehearsalServer === undefined ? undefined : REHEARSAL_SERVERS[rehearsalServer],
      onEvent: (event) => view?.show(event),
    });
    view?.close();
    print(io, options, report, (done) => renderReport(done, io));
    io.setExitCode(REASONS[report.reason].exit);
  },
});
