import { type Command, Option } from 'commander';
import { REASONS } from '../core/model/reason.ts';
import type { RunEvent, RunReport } from '../core/model/report.ts';
import type { Io } from './io.ts';
import { collect, rehearsalServerOption } from './options.ts';
import { print } from './output/print.ts';

/** Options and output of the commands that run all steps: `safe-migrate` and `wrap`. */
export interface RunOptions {
  dryRun?: boolean;
  create?: boolean;
  backup: boolean;
  backupName?: string;
  rehearsal?: keyof typeof REHEARSALS;
  /** Digest of the plan. */
  approve?: string;
  /** The file of the page. */
  report?: string;
  redactLiterals?: boolean;
  check?: string[];
  checkBefore?: string[];
}

const REHEARSALS = { auto: 'Auto', full: 'Full', schema: 'SchemaOnly', disabled: 'Disabled' } as const;

/** `copied` runs on the copy first: the plan, or a command. */
export function addRunOptions(command: Command, { copied, dryRun }: { copied: string; dryRun: string }): void {
  command
    .option('--dry-run', dryRun)
    .option('--create', 'create a missing PostgreSQL database')
    .option('--no-backup', 'take no backup; the rehearsal then runs on the schema only')
    .addOption(
      new Option(
        '--rehearsal <mode>',
        `copy on which the ${copied} runs first (default: setting safety.rehearsal, else auto)`,
      ).choices(Object.keys(REHEARSALS)),
    )
    .addOption(rehearsalServerOption())
    .option('--backup-name <name>', 'name of the backup (default: backup_YYYYMMDD_HHMMSS)')
    .option(
      '--approve <digest>',
      'run this plan despite its findings; the message that refused the plan contains the digest',
    )
    .option('--report <file>', 'also write the HTML page of the run to this file')
    .option('--redact-literals', 'leave the literals in SQL out of the page')
    .option('--check <query>', 'a query that must return true after the run; may be given several times', collect)
    .option(
      '--check-before <query>',
      'a query that must return true before the run; may be given several times',
      collect,
    );
}

/**
 * Starts the run with the options in the form that the library accepts, shows its steps, prints its report and sets the
 * exit code.
 */
export async function printRun<Options extends RunOptions & { json?: boolean }>(
  options: Options,
  io: Io,
  start: (common: ReturnType<typeof libraryOptions<Options>>) => Promise<RunReport>,
): Promise<void> {
  const { renderReport } = await import('./output/report.ts');
  const { runView } = await import('./output/run-view.ts');
  const view = options.json === true ? undefined : runView(io);
  const report = await start(libraryOptions(options, (event) => view?.show(event)));
  view?.close();
  print(io, options, report, (done) => renderReport(done, io));
  io.setExitCode(REASONS[report.reason].exit);
}

function libraryOptions<Options extends RunOptions>(options: Options, onEvent: (event: RunEvent) => void) {
  const { rehearsal, approve, report: file, redactLiterals, check = [], checkBefore = [], ...others } = options;
  return {
    ...others,
    rehearsal: rehearsal === undefined ? undefined : REHEARSALS[rehearsal],
    approvedPlan: approve,
    report: { file, redactLiterals },
    moreChecks: [
      ...checkBefore.map((sql, at) => ({ name: `check-before-${at + 1}`, sql, when: 'Before' as const })),
      ...check.map((sql, at) => ({ name: `check-${at + 1}`, sql, when: 'After' as const })),
    ],
    onEvent,
  };
}
