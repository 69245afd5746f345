import type { HistoryRow } from '../model/history.ts';
import type { MigrationFile } from '../model/migration.ts';
import type { Problem } from '../model/problem.ts';
import type { Reason } from '../model/reason.ts';
import { isRepeatable, type Revision } from '../model/revision.ts';
import { listNames } from './names.ts';
import { orderOf } from './order.ts';
import { versioned } from './repeatable.ts';

/** How a person resolves a problem of the history, where the run was started. Each is the end of a sentence. */
export interface RepairAdvice {
  interrupted: string;
  removeMissing: string;
  acceptChecksums: string;
}

const COMMAND_LINE: RepairAdvice = {
  interrupted: 'then run: db-manager repair',
  removeMissing: 'db-manager repair --remove-missing',
  acceptChecksums: 'db-manager repair --accept-checksums',
};

/**
 * Files and history must be consistent before anything is planned. Returns the first problem:
 * InterruptedMigration, MissingMigration, ChecksumMismatch, OutOfOrder, each with the fix.
 */
export function checkIntegrity(
  files: readonly MigrationFile[],
  history: readonly HistoryRow[],
  outOfOrder: 'Refuse' | 'Allow',
  advice: RepairAdvice = COMMAND_LINE,
  /** Applied migrations without a file that are no problem. */
  accepted: readonly Revision[] = [],
): Problem | undefined {
  const known = accepted.length === 0 ? history : history.filter(({ revision }) => !accepted.includes(revision));
  return (
    interrupted(history, advice) ??
    missing(files, known, advice) ??
    edited(files, history, advice) ??
    (outOfOrder === 'Allow' ? undefined : late(files, known))
  );
}

/** The start of the advice for a ChecksumMismatch. */
export const UNDO_THE_EDIT = 'Undo the edit';

function interrupted(history: readonly HistoryRow[], advice: RepairAdvice): Problem | undefined {
  const rows = history.filter(({ state }) => state !== 'applied');
  return problem(
    'InterruptedMigration',
    rows.map(({ revision }) => revision),
    (names) =>
      `${names} started without a transaction and did not finish, so it may be partly applied. Inspect the database, ${advice.interrupted}`,
  );
}

function missing(
  files: readonly MigrationFile[],
  history: readonly HistoryRow[],
  advice: RepairAdvice,
): Problem | undefined {
  return problem(
    'MissingMigration',
    missingFiles(files, history),
    (names, one) =>
      `${names} ${one ? 'is' : 'are'} applied${appliedBy(files, history)}, but ${one ? 'the file is' : 'the files are'} not in the migrations folder. ${renamed(files, history)}Restore ${one ? 'it' : 'them'}, or deploy the version that contains ${one ? 'it' : 'them'}. To revert ${one ? 'it' : 'them'} with the stored text: db-manager migrate downgrade. To remove ${one ? 'it' : 'them'} from the history: ${advice.removeMissing}`,
  );
}

function edited(
  files: readonly MigrationFile[],
  history: readonly HistoryRow[],
  advice: RepairAdvice,
): Problem | undefined {
  return problem(
    'ChecksumMismatch',
    editedFiles(files, history).map(({ revision }) => revision),
    (names, one) =>
      `${names} ${one ? 'was' : 'were'} edited after being applied. ${UNDO_THE_EDIT} and write a new migration, or accept the ${one ? 'file as it is' : 'files as they are'}: ${advice.acceptChecksums}`,
  );
}

function late(files: readonly MigrationFile[], history: readonly HistoryRow[]): Problem | undefined {
  const applied = new Set(versioned(history.map(({ revision }) => revision)));
  const compare = orderOf(files);
  let last: Revision | undefined;
  for (const revision of applied) if (last === undefined || compare(revision, last) > 0) last = revision;
  if (last === undefined) return undefined;
  const limit = last;
  const pending = files.filter(
    ({ revision }) => !isRepeatable(revision) && !applied.has(revision) && compare(revision, limit) < 0,
  );
  return problem(
    'OutOfOrder',
    pending.map(({ revision }) => revision),
    (names, one) =>
      `${names} ${one ? 'is' : 'are'} pending but ${one ? 'sorts' : 'sort'} before ${limit}, which is applied. Rename the ${one ? 'file so that it comes' : 'files so that they come'} last, or set outOfOrder: Allow.`,
  );
}

/** Which pending file has the text of an applied migration. */
function renamed(files: readonly MigrationFile[], history: readonly HistoryRow[]): string {
  const applied = new Set<Revision>(history.map(({ revision }) => revision));
  const missing = new Set(missingFiles(files, history));
  for (const { revision, checksum } of history) {
    const now = files.find((file) => file.checksum === checksum && !applied.has(file.revision));
    if (missing.has(revision) && now !== undefined)
      return `${listNames([now.revision])} has the text of ${listNames([revision])}: rename the file back; otherwise it is a new migration.  `;
  }
  return '';
}

/** The runs that applied them: on a shared database, another resource may have. */
function appliedBy(files: readonly MigrationFile[], history: readonly HistoryRow[]): string {
  const missing = new Set(missingFiles(files, history));
  const rows = history.filter(({ revision }) => missing.has(revision));
  const runs = [...new Set(rows.map(({ runId }) => runId))].filter((run) => run !== '');
  return runs.length === 0 ? '' : ` (by ${runs.length === 1 ? 'the run' : 'the runs'} ${listNames(runs, 3)})`;
}

/** Applied revisions without a file, in the order of application. */
export function missingFiles(files: readonly MigrationFile[], history: readonly HistoryRow[]): Revision[] {
  const known = new Set(files.map(({ revision }) => revision));
  return history.filter(({ revision }) => !known.has(revision)).map(({ revision }) => revision);
}

/** Files that changed after they were applied, and must not. Rows without a checksum (imported from another tool) are not checked. */
export function editedFiles(files: readonly MigrationFile[], history: readonly HistoryRow[]): MigrationFile[] {
  const applied = new Map(history.map(({ revision, checksum }) => [revision, checksum]));
  return files.filter(({ revision, checksum }) => {
    const recorded = applied.get(revision);
    return !isRepeatable(revision) && recorded !== undefined && recorded !== null && recorded !== checksum;
  });
}

function problem(
  reason: Reason,
  revisions: readonly Revision[],
  sentence: (names: string, one: boolean) => string,
): Problem | undefined {
  const [first] = revisions;
  if (first === undefined) return undefined;
  return { reason, migration: first, message: sentence(listNames(revisions), revisions.length === 1) };
}
