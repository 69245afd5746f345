import { REASONS } from '../../core/model/reason.ts';
import { defineCommand } from '../command.ts';
import {
  addCheckOptions,
  checksOf,
  type QueryCheckOptions,
  type RehearsalOptions,
  rehearsalOf,
  rehearsalOptions,
  type UnknownAppliedOption,
  unknownAppliedOf,
  unknownAppliedOption,
} from '../options.ts';
import { print } from '../output/print.ts';

interface SafeMigrateCommandOptions extends RehearsalOptions, QueryCheckOptions {
  target: string;
  dryRun?: boolean;
  create?: boolean;
  backup: boolean;
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
    "db-manager safe-migrate --check 'SELECT count(*) > 0 FROM orders'",
  ],
  configure(command) {
    const [mode, server] = rehearsalOptions('plan');
    command
      .option('--target <target>', 'head, a revision or its unique prefix, +N, -N', 'head')
      .option('--dry-run', 'run all steps without writing to the database')
      .option('--create', 'create a missing PostgreSQL database')
      .option('--no-backup', 'take no backup; the rehearsal then runs on the schema only')
      .addOption(mode)
      .addOption(server)
      .option('--backup-name <name>', 'name of the backup (default: backup_YYYYMMDD_HHMMSS)')
      .addOption(unknownAppliedOption())
      .option('--allow-downgrade', 'allow a target older than the current revision')
      .option(
        '--approve <digest>',
        'run this plan despite its findings; the message that refused the plan contains the digest',
      )
      .option('--report <file>', 'also write the HTML page of the run to this file')
      .option('--redact-literals', 'leave the literals in SQL out of the page');
    addCheckOptions(command);
  },
  async action(
    { rehearsal, approve, unknownApplied, report: file, redactLiterals, check, checkBefore, ...options },
    io,
  ) {
    const { safeMigrate } = await import('../../library/safe-migrate.ts');
    const { renderReport } = await import('../output/report.ts');
    const { runView } = await import('../output/run-view.ts');
    const view = options.json === true ? undefined : runView(io);
    const report = await safeMigrate({
      ...options,
      ...unknownAppliedOf(unknownApplied),
      moreChecks: checksOf({ check, checkBefore }),
      approvedPlan: approve,
      report: { file, redactLiterals },
      ...rehearsalOf({ rehearsal }),
      onEvent: (event) => view?.show(event),
    });
    view?.close();
    print(io, options, report, (done) => renderReport(done, io));
    io.setExitCode(REASONS[report.reason].exit);
  },
});
