import { setTimeout as sleep } from 'node:timers/promises';
import type { Dialect } from '../core/model/dialect.ts';
import type { HistoryRow } from '../core/model/history.ts';
import { orThrow, ProblemError } from '../core/model/problem.ts';
import { isRepeatable, type Revision } from '../core/model/revision.ts';
import { checkIntegrity, missingFiles } from '../core/planning/integrity.ts';
import { listNames } from '../core/planning/names.ts';
import { dueRepeatables } from '../core/planning/repeatable.ts';
import { findRevision } from '../core/planning/target.ts';
import { aheadOf, type UnknownApplied } from '../core/planning/unknown.ts';
import { type HistoryReader, withHistory } from '../database/read-history.ts';
import { listRevisions, readMigrations } from '../migrations/read.ts';
import { type ConnectedSettings, type Options, resolvePaths, settingsOf } from './settings.ts';

export interface WaitOptions extends Options {
  /** A revision, its unique prefix, or `head`: all migrations of the folder. Default `head`. */
  revision?: string;
  /** Seconds; 0 waits without a limit. Default 300. */
  timeout?: number;
}

export interface Waited {
  reached: boolean;
  /** The expected revision. */
  revision: string;
  seconds: number;
  /** `AheadOfFiles` if the database is newer than the files, and older code can run with it. */
  reason?: 'AheadOfFiles';
  /** Why it was not reached, or which newer migrations are applied, in a sentence. */
  why?: string;
  /** The missing migrations, in order; absent if the database did not respond. */
  pending?: string[];
}

const POLL_MS = 1_000;

/**
 * Waits until a revision is applied: for an init container that delays the start of an application. It queries the
 * database, not the Job, so it survives the clean-up of Jobs and needs no API permissions. It also waits for a database
 * that is not reachable yet. Throws ProblemError only for an error that waiting cannot fix.
 *
 * @example
 * const { reached } = await waitForRevision({ databaseUrl: 'sqlite:///data/app.db', revision: 'head', timeout: 60 });
 */
export async function waitForRevision(options: WaitOptions = {}): Promise<Waited> {
  const settings = await settingsOf(options);
  const { target, timeouts } = settings;
  const wanted = await lookFor(options, settings);
  const revision = options.revision ?? 'head';
  const start = performance.now();
  const limit = (options.timeout ?? 300) * 1000 || Number.POSITIVE_INFINITY;
  let logged = '';
  for (;;) {
    const left = limit - (performance.now() - start);
    // Each attempt is short, because it is followed by the next one.
    const connect = Math.max(200, Math.min(timeouts.connect || 5_000, 5_000, left));
    const missing = await look((use) => withHistory(target, { ...timeouts, connect }, use), wanted);
    const seconds = (performance.now() - start) / 1000;
    if (missing === undefined) return { reached: true, revision, seconds };
    if (missing.reason !== undefined) return { reached: true, revision, seconds, ...missing };
    if (options.signal?.aborted || seconds * 1000 + POLL_MS > limit) {
      return { reached: false, revision, seconds, ...missing };
    }
    const { why } = missing;
    if (why !== logged) options.onMessage?.(`waiting: ${why}`);
    logged = why;
    await sleep(POLL_MS, undefined, { signal: options.signal }).catch(() => {});
  }
}

/** The unmet condition; undefined if the wait is over. */
type Missing = Pick<Waited, 'pending' | 'reason'> & { why: string };
type Look = (history: HistoryReader) => Promise<Missing | undefined>;

/** `head` needs the folder. A revision by name does not, so that any image can wait for it. */
async function lookFor(options: WaitOptions, { target, unknownApplied }: ConnectedSettings): Promise<Look> {
  const { revision } = options;
  if (revision === undefined || revision === 'head') {
    const { migrations, include, exclude } = await resolvePaths(options);
    const { revisions } = orThrow(await listRevisions(migrations, { include, exclude }));
    const files = revisions.some(isRepeatable)
      ? orThrow(await readMigrations(migrations, { include, exclude })).files
      : [];
    return async (reader) => {
      const history = await reader.read();
      const changed = dueRepeatables(files, history).map(({ revision }) => revision);
      return (
        notApplied(revisions, history, changed) ?? unknown(revisions, history, reader, unknownApplied, target.dialect)
      );
    };
  }
  return async (reader) => {
    const history = await reader.read();
    const found = findRevision(
      revision,
      history.map((row) => row.revision),
    );
    if (!found.ok && found.problem.reason === 'AmbiguousTarget') throw new ProblemError(found.problem);
    return notApplied([found.ok ? found.revision : revision], history);
  };
}

/** `changed`: repeatable migrations whose files are not those that were applied. */
function notApplied(
  wanted: readonly string[],
  history: readonly HistoryRow[],
  changed: readonly string[] = [],
): Missing | undefined {
  const applied = new Set<string>(history.flatMap(({ revision, state }) => (state === 'applied' ? [revision] : [])));
  const pending = wanted.filter((revision) => !applied.has(revision) || changed.includes(revision));
  if (pending.length === 0) return undefined;
  const why =
    pending.length === 1 ? `${pending[0]} is not applied yet` : `${pending.length} migrations are not applied yet`;
  return { why, pending };
}

/**
 * The files are those of an older version: the wait ends as its run does. With Downgrade, a run reverts the migrations, so
 * it waits for that. Throws ProblemError IncompatibleMigration, MissingMigration or StoredSourceInvalid.
 */
async function unknown(
  revisions: readonly Revision[],
  history: readonly HistoryRow[],
  reader: HistoryReader,
  policy: UnknownApplied,
  dialect: Dialect,
): Promise<Missing | undefined> {
  // Contents are not needed: only the names decide what is missing.
  const files = revisions.map((revision) => ({ revision, files: [`${revision}.sql`], checksum: '' }));
  const missing = missingFiles(files, history);
  if (missing.length === 0) return undefined;
  const unfinished = history.filter(({ revision, state }) => missing.includes(revision) && state !== 'applied');
  if (unfinished.length > 0) return notFinished(unfinished.map(({ revision }) => revision));
  const ahead = aheadOf(files, history);
  if (policy === 'Refuse' || ahead.length === 0) {
    const broken = checkIntegrity(
      [],
      history.filter(({ revision }) => missing.includes(revision)),
      'Allow',
    );
    if (broken !== undefined) throw new ProblemError(broken);
  }
  const names = listNames(ahead);
  const are = ahead.length === 1 ? 'is' : 'are';
  if (policy === 'Downgrade') return { why: `${names} ${are} applied and not in the files; waiting until reverted` };
  const [{ readStored }, { requireCompatible }] = await Promise.all([
    import('../migrations/stored/files.ts'),
    import('../migrations/stored/judge.ts'),
  ]);
  await requireCompatible(ahead, await readStored(reader, files, history), dialect);
  const why = `the database is newer than the files: ${names} ${are} applied, and older code can run with ${ahead.length === 1 ? 'it' : 'them'}`;
  return { reason: 'AheadOfFiles', why };
}

/** A newer version may be applying them, so the wait continues. The state after an interrupted one is unknown. */
function notFinished(names: readonly string[]): Missing {
  const [was, are] = names.length === 1 ? ['it was', 'is'] : ['they were', 'are'];
  return {
    why: `${listNames(names)} ${are} not in the files and not finished: a run is in progress, or ${was} interrupted (db-manager repair)`,
  };
}

const MAY_COME: readonly string[] = ['DatabaseUnreachable', 'DatabaseNotFound', 'ConnectionLost'];

async function look(connect: (use: Look) => Promise<Missing | undefined>, wanted: Look): Promise<Missing | undefined> {
  try {
    return await connect(wanted);
  } catch (error) {
    if (error instanceof ProblemError && MAY_COME.includes(error.problem.reason)) return { why: error.message };
    throw error;
  }
}
