import { REASONS } from '../../core/model/reason.ts';
import { checkMigrationSafety, type SafeMigrateOptions, safeMigrate } from '../../library/safe-migrate.ts';
import { validateSchema } from '../../library/schema.ts';
import type { Globals } from '../globals.ts';
import type { Io } from '../io.ts';
import { countBySeverity, renderFindings } from '../output/findings/text.ts';
import { print } from '../output/print.ts';
import { renderReport } from '../output/report.ts';
import { runView } from '../output/run-view.ts';
import { renderTable } from '../output/table.ts';
import { renderValidation } from '../output/validation.ts';

const REHEARSALS = { auto: 'Auto', full: 'Full', schema: 'SchemaOnly', disabled: 'Disabled' } as const;

const REHEARSAL_SERVERS = { auto: 'Auto', private: 'Private', 'same-server': 'SameServer' } as const;

interface Safe extends Globals {
  target: string;
  dryRun?: boolean;
  backup: boolean;
  rehearsal?: keyof typeof REHEARSALS;
  rehearsalServer?: keyof typeof REHEARSAL_SERVERS;
  allowDowngrade?: boolean;
  /** Digest of the plan. */
  approve?: string;
}

/** `safe-migrate` */
export async function safeMigrateCommand(
  { rehearsal, rehearsalServer, backup, approve, ...options }: Safe & { backups?: string },
  io: Io,
): Promise<void> {
  const mode = rehearsal === undefined ? undefined : REHEARSALS[rehearsal];
  const view = options.json === true ? undefined : runView(io);
  const request: SafeMigrateOptions = {
    ...options,
    backup,
    approvedPlan: approve,
    rehearsal: mode,
    rehearsalServer: rehearsalServer === undefined ? undefined : REHEARSAL_SERVERS[rehearsalServer],
    onEvent: (event) => view?.show(event),
  };
  const report = await safeMigrate(request);
  view?.close();
  print(io, options, report, (done) => renderReport(done, io));
  io.setExitCode(REASONS[report.reason].exit);
}

/** `safety-check`: exit 1 if it is not safe. */
export async function safetyCheck(options: Globals, io: Io): Promise<void> {
  const safety = await checkMigrationSafety(options);
  const { checks, findings, safe } = safety;
  const shown = options.verbose === true ? findings : findings.filter(({ severity }) => severity !== 'notice');
  const folder = (await io.migrations?.()) ?? '.';
  const text = options.json === true ? '' : await renderFindings(shown, io, folder);
  print(io, options, safety, () => {
    const rows = checks.map(({ name, result, message }) => [name, result, message]);
    return [
      renderTable(['CHECK', 'RESULT', ''], rows, io.columns),
      `FINDINGS in the pending migrations: ${countBySeverity(findings)}${findings.length > shown.length ? ' (-v also shows notices)' : ''}`,
      ...(text === '' ? [] : [text]),
      safe ? 'Safe to migrate: db-manager safe-migrate' : 'Not safe to migrate.',
    ].join('\n\n');
  });
  if (!safety.safe) io.setExitCode(1);
}

/** `validate [-v]`: exit 3 if the schema differs from the expected schema. */
export async function validate(options: Globals, io: Io): Promise<void> {
  const result = await validateSchema(options);
  print(io, options, result, (found) => renderValidation(found, options.verbose));
  if (!result.valid) io.setExitCode(3);
}
