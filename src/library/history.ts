import { resolve } from 'node:path';
import { count } from '../core/model/count.ts';
import type { HistoryRow, SourceNote } from '../core/model/history.ts';
import type { MigrationFile } from '../core/model/migration.ts';
import { invalidConfiguration, orThrow, ProblemError } from '../core/model/problem.ts';
import { type Position, parseTarget, type Revision } from '../core/model/revision.ts';
import { readForeignHistory } from '../core/planning/adopt/adopt.ts';
import { FOREIGN_TABLES, type ForeignTool } from '../core/planning/adopt/foreign.ts';
import { editedFiles } from '../core/planning/integrity.ts';
import { listNames } from '../core/planning/names.ts';
import { currentPosition } from '../core/planning/plan.ts';
import { type Repair, type RepairChoices, repair } from '../core/planning/repair.ts';
import { dueRepeatables } from '../core/planning/repeatable.ts';
import { stamp } from '../core/planning/stamp.ts';
import { readAlembicScripts } from '../migrations/alembic-scripts.ts';
import { describeMigration } from '../migrations/describe.ts';
import { contentsOf, journalTimes } from '../migrations/read.ts';
import { readStored } from '../migrations/stored/files.ts';
import { asRun } from './runs.ts';
import { author, filesIfAny, filesOf, type Session, withDatabase } from './session.ts';
import { noticeOf, type Options } from './settings.ts';

/** `edited`: applied, but the file has changed since. `missing`: applied, but the file no longer exists. */
export type HistoryEntryState = 'applied' | 'pending' | 'interrupted' | 'edited' | 'missing';

export interface HistoryEntry {
  revision: Revision;
  state: HistoryEntryState;
  /** The first comment of the file, else its name as text. */
  description: string;
  /** True for the last applied migration. */
  current: boolean;
  /** ISO 8601 in UTC; only if applied. */
  appliedAt?: string;
  durationMs?: number;
  runId?: string;
  /** Paths relative to the migrations folder, up first; of a missing file, as they were when it was applied. */
  files: string[];
  /** What the history keeps of its text; absent if it was applied by a version that kept none. */
  source?: SourceNote;
}

/**
 * All migrations: the applied ones in the order in which they were applied, then the pending ones in order. Reads files
 * as text and runs none. Throws ProblemError.
 *
 * @example
 * const history = await getMigrationHistory({ databaseUrl: 'sqlite:///data/app.db' });
 * const waiting = history.filter(({ state }) => state === 'pending');
 */
export function getMigrationHistory(options: Options = {}): Promise<HistoryEntry[]> {
  return withDatabase(options, async ({ database, settings }) => {
    const history = await database.history.read();
    const files = await filesIfAny(settings, noticeOf(options));
    const stored = await readStored(database.history, files, history);
    const byRevision = new Map([...stored.files, ...files].map((file) => [file.revision, file]));
    return Promise.all(
      entries(files, history).map(async (entry) => {
        const file = byRevision.get(entry.revision);
        const description = await describe(settings.migrations, entry.revision, file);
        return { ...entry, files: file?.files ?? [], description };
      }),
    );
  });
}

type Undescribed = Omit<HistoryEntry, 'description'>;

function entries(files: MigrationFile[], history: HistoryRow[]): Undescribed[] {
  const current = currentPosition(history);
  const due = new Set(dueRepeatables(files, history).map(({ revision }) => revision));
  const edited = new Set(editedFiles(files, history).map(({ revision }) => revision));
  const byRevision = new Map(files.map((file) => [file.revision, file]));
  const applied = history.map(({ revision, state, appliedAt, durationMs, runId, source }): Undescribed => {
    const file = byRevision.get(revision);
    const changed = edited.has(revision) ? 'edited' : due.has(revision) ? 'pending' : 'applied';
    const intact = file === undefined ? 'missing' : changed;
    return {
      revision,
      state: state === 'applied' ? intact : 'interrupted',
      current: revision === current,
      appliedAt,
      durationMs,
      runId,
      files: file?.files ?? [],
      ...(source === undefined ? {} : { source }),
    };
  });
  const known = new Set(history.map(({ revision }) => revision));
  const pending = files
    .filter(({ revision }) => !known.has(revision))
    .map(({ revision, files: names }): Undescribed => ({ revision, state: 'pending', current: false, files: names }));
  return [...applied, ...pending];
}

/** From the text alone: a broken file must be listed too, and a listing must not run code. */
async function describe(folder: string, revision: Revision, file: MigrationFile | undefined): Promise<string> {
  const [content] = file === undefined ? [] : contentsOf(folder, file);
  const [main = ''] = file?.files ?? [];
  return describeMigration(revision, String(content ?? ''), main.toLowerCase().endsWith('.sql') ? 'sql' : 'code');
}

/**
 * Sets the history so that exactly the migrations up to the target are marked as applied, without running any.
 *
 * @example
 * const { revision } = await stampDatabase({ databaseUrl: 'sqlite:///data/app.db', target: 'head' });
 */
export function stampDatabase(options: Options & { target: string }): Promise<{ revision: Position }> {
  return asRun(options, {
    name: 'migrate stamp',
    work: (session) => stampIn(session, options),
    describe: ({ revision }) => ({
      reason: 'Succeeded',
      message: `the history was set to ${revision}; no migration was run`,
    }),
  });
}

async function stampIn(session: Session, options: Options & { target: string }): Promise<{ revision: Position }> {
  const { database, settings, runId } = session;
  const target = parseTarget(options.target);
  if (target === undefined)
    throw new ProblemError({ reason: 'UnknownTarget', message: `"${options.target}" is not a valid target.` });
  const files = await filesOf(settings, noticeOf(options));
  const change = orThrow(stamp(files, await database.history.read(), target, author(runId)));
  await database.history.ensure();
  const kept = await database.history.sources(change.remove);
  const { withTexts } = await import('../migrations/stored/attach.ts');
  const put = await withTexts(settings.migrations, files, change.put, kept);
  await database.history.remove(change.remove);
  await database.history.put(put);
  return { revision: currentPosition(await database.history.read()) };
}

/**
 * Repairs the history after a person has inspected the database. A problem without a decision has the action `none`.
 *
 * @example
 * const findings = await repairHistory({ databaseUrl: 'sqlite:///data/app.db', acceptChecksums: true });
 */
export function repairHistory(options: RepairOptions = {}): Promise<Repair['findings']> {
  return asRun(options, { name: 'repair', work: (session) => repairIn(session, options), describe: describeRepair });
}

function describeRepair(findings: Repair['findings']) {
  const done = findings.filter(({ action }) => action !== 'none');
  const repairs = listNames(done.map(({ revision, action }) => `${revision} (${action})`));
  const message = done.length === 0 ? 'the history was not changed' : `the history was changed: ${repairs}`;
  return { reason: done.length === 0 ? ('UpToDate' as const) : ('Succeeded' as const), message };
}

async function repairIn(session: Session, options: RepairOptions): Promise<Repair['findings']> {
  const { database, settings } = session;
  const { acceptChecksums = false, removeMissing = false, interrupted, only, storeSources = false } = options;
  const choices = { acceptChecksums, removeMissing, interrupted, only };
  const files = await filesOf(settings);
  const change = repair(files, await database.history.read(), choices);
  await database.history.remove(change.remove);
  // An accepted file replaces the text that was applied.
  if (change.put.length > 0) {
    const { withTexts } = await import('../migrations/stored/attach.ts');
    await database.history.put(await withTexts(settings.migrations, files, change.put));
  }
  if (!storeSources) return change.findings;
  const rows = (await database.history.read()).filter(({ revision }) => only?.includes(revision) ?? true);
  const { textsToStore } = await import('./stored.ts');
  const { put, unstored } = await textsToStore(session, files, rows);
  if (put.length > 0) await database.history.put(put);
  const stored = put.map(({ revision }) => ({ revision, problem: 'noText' as const, action: 'stored' as const }));
  const others = unstored.map((revision) => ({ revision, problem: 'noText' as const, action: 'none' as const }));
  return [...change.findings, ...stored, ...others];
}

export interface RepairOptions extends Options, Partial<RepairChoices> {
  /** Store the text of applied migrations that the history lacks, from files with the applied checksum. */
  storeSources?: boolean;
}

/**
 * Imports the history of another tool: its rows are copied, no migration is run, and its table is kept.
 *
 * @example
 * const { adopted, unmatched } = await adoptHistory({ databaseUrl: 'sqlite:///data/app.db', from: 'sequelize' });
 */
export async function adoptHistory(options: AdoptOptions): Promise<Adopted> {
  const { from, versions } = options;
  if (versions !== undefined && from !== 'alembic') {
    throw invalidConfiguration(`--versions is the folder of Alembic's scripts and does not apply to ${from}. Omit it.`);
  }
  return asRun(options, {
    name: 'adopt',
    work: (session) => adoptIn(session, options),
    describe: ({ adopted }) => ({
      reason: 'Succeeded',
      message: `${count(adopted.length, 'migration')} of ${from} imported; no migration was run`,
    }),
  });
}

export interface AdoptOptions extends Options {
  from: ForeignTool;
  /** Folder of Alembic's scripts, relative to `cwd`: their `down_revision` defines the order. */
  versions?: string;
}

export interface Adopted {
  adopted: Revision[];
  unmatched: string[];
  note?: string;
}

async function adoptIn(session: Session, options: AdoptOptions): Promise<Adopted> {
  const { database, settings, runId } = session;
  const { versions, cwd = process.cwd() } = options;
  const rows = await database.history.foreign(FOREIGN_TABLES[options.from]);
  if (rows === undefined) {
    throw invalidConfiguration(
      `The database has no table ${FOREIGN_TABLES[options.from]}, in which ${options.from} stores its history.`,
    );
  }
  const files = await filesOf(settings, noticeOf(options));
  const times = options.from === 'drizzle' ? await journalTimes(settings.migrations, files) : undefined;
  const foreign = readForeignHistory(options.from, rows, files, await database.history.read(), author(runId), {
    ...(versions === undefined ? {} : { chain: await readAlembicScripts(resolve(cwd, versions)) }),
    ...(times === undefined ? {} : { times }),
  });
  const { put, unmatched, note } = orThrow(foreign);
  await database.history.ensure();
  const { withTexts } = await import('../migrations/stored/attach.ts');
  await database.history.put(await withTexts(settings.migrations, files, put));
  return { adopted: put.map(({ revision }) => revision), unmatched, ...(note === undefined ? {} : { note }) };
}
