import { count } from '../../core/model/count.ts';
import { ProblemError } from '../../core/model/problem.ts';
import { FOREIGN_TABLES, type ForeignTool } from '../../core/planning/adopt/foreign.ts';
import {
  adoptHistory,
  getMigrationHistory,
  type HistoryEntry,
  repairHistory,
  stampDatabase,
} from '../../library/history.ts';
import { downgradeDatabase, type Migrated, upgradeDatabase } from '../../library/migrate.ts';
import { checkModels } from '../../library/schema.ts';
import type { Globals } from '../globals.ts';
import type { Io } from '../io.ts';
import { print } from '../output/print.ts';
import { renderTable } from '../output/table.ts';
import { renderValidation } from '../output/validation.ts';

interface Moving extends Globals {
  target: string;
  singleTransaction?: boolean;
}

/** `migrate upgrade [target]` */
export async function upgrade(options: Moving, io: Io): Promise<void> {
  print(io, options, await upgradeDatabase(options), (done) => moved(done, 'applied'));
}

/** `migrate downgrade <target>` */
export async function downgrade(options: Moving, io: Io): Promise<void> {
  print(io, options, await downgradeDatabase(options), (done) => moved(done, 'reverted'));
}

function moved({ migrations, to }: Migrated, verb: string): string {
  if (migrations.length === 0) return `Nothing to do; the database is at ${to}.`;
  const outside = migrations.flatMap(({ revision, outside }) =>
    outside === undefined ? [] : `\n${revision} ran outside a transaction, so it was not atomic: ${outside}`,
  );
  return `${count(migrations.length, 'migration')} ${verb}; the database is at ${to}.${outside.join('')}`;
}

/** `migrate history [-v]` */
export async function history(options: Globals, io: Io): Promise<void> {
  print(io, options, await getMigrationHistory(options), (entries) => {
    if (entries.length === 0) return 'There are no migrations. Write one: db-manager generate "what it does"';
    return options.verbose === true ? inFull(entries) : asTable(entries, io);
  });
}

function asTable(entries: HistoryEntry[], io: Io): string {
  const rows = entries.map(({ revision, state, appliedAt, description, current }) => [
    current ? '*' : '',
    revision,
    state,
    appliedAt?.slice(0, 19).replace('T', ' ') ?? '',
    description,
  ]);
  return renderTable(['', 'REVISION', 'STATE', 'APPLIED AT (UTC)', 'DESCRIPTION'], rows, io.columns);
}

function inFull(entries: HistoryEntry[]): string {
  return entries
    .map(({ revision, state, description, current, appliedAt, durationMs, runId, files }) => {
      const applied = appliedAt === undefined ? [] : [`  applied      ${appliedAt}, in ${durationMs} ms, run ${runId}`];
      return [
        `${revision}${current ? ' (current)' : ''}`,
        `  description  ${description}`,
        `  state        ${state}`,
        ...applied,
        `  files        ${files.join(', ') || 'none'}`,
      ].join('\n');
    })
    .join('\n\n');
}

/** `migrate stamp <target>` */
export async function stamp(options: Globals & { target: string }, io: Io): Promise<void> {
  print(
    io,
    options,
    await stampDatabase(options),
    ({ revision }) => `The history is now at ${revision}; no migration was run.`,
  );
}

/** `migrate check`: exit 3 if models and migrations differ. */
export async function check(options: Globals, io: Io): Promise<void> {
  const result = await checkModels(options);
  print(io, options, result, renderValidation);
  if (!result.valid) io.setExitCode(3);
}

interface Repairing extends Globals {
  acceptChecksums: boolean;
  removeMissing: boolean;
  interrupted?: string;
}

/** `repair`: exit 4 if a decision is still needed. */
export async function repair(options: Repairing, io: Io): Promise<void> {
  const { interrupted } = options;
  if (interrupted !== undefined && interrupted !== 'applied' && interrupted !== 'notApplied') {
    throw new ProblemError({
      reason: 'InvalidConfiguration',
      message: `--interrupted must be applied or notApplied, not "${interrupted}".`,
    });
  }
  const findings = await repairHistory({ ...options, interrupted });
  print(io, options, findings, (all) =>
    all.length === 0
      ? 'Files and history agree; nothing had to be repaired.'
      : all
          .map(
            ({ revision, problem, action }) =>
              `${revision}: ${problem}, ${action === 'none' ? `left as it is; ${CHOICE[problem]}` : action}`,
          )
          .join('\n'),
  );
  if (findings.some(({ action }) => action === 'none')) io.setExitCode(4);
}

const CHOICE = {
  interrupted: 'inspect the database, then pass --interrupted applied or --interrupted notApplied',
  edited: 'undo the edit, or pass --accept-checksums',
  missing: 'restore the file, or pass --remove-missing',
} as const;

/** `adopt --from <tool>` */
export async function adopt(options: Globals & { from: string; versions?: string }, io: Io): Promise<void> {
  const tools = Object.keys(FOREIGN_TABLES) as ForeignTool[];
  const from = tools.find((tool) => tool === options.from);
  if (from === undefined) {
    throw new ProblemError({
      reason: 'InvalidConfiguration',
      message: `--from must be one of ${tools.join(', ')}, not "${options.from}".`,
    });
  }
  const result = await adoptHistory({ ...options, from });
  // No row matches a file: the folder is the wrong one, or its migrations do not run here.
  if (result.adopted.length === 0 && result.unmatched.length > 0) io.setExitCode(4);
  print(io, options, result, ({ adopted, unmatched, note }) => {
    const left =
      unmatched.length === 0
        ? ''
        : `\nNo file matches ${unmatched.join(', ')}; nothing was written to the history for them.`;
    return `${count(adopted.length, 'migration')} adopted from ${from}; no migration was run.${left}${note === undefined ? '' : `\n${note}`}`;
  });
}
