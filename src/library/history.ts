import type { HistoryState } from '../core/model/history.ts';
import { ProblemError } from '../core/model/problem.ts';
import { type Position, parseTarget, type Revision } from '../core/model/revision.ts';
import { readForeignHistory } from '../core/planning/adopt/adopt.ts';
import { FOREIGN_TABLES, type ForeignTool } from '../core/planning/adopt/foreign.ts';
import { currentPosition } from '../core/planning/plan.ts';
import { type Repair, type RepairChoices, repair } from '../core/planning/repair.ts';
import { stamp } from '../core/planning/stamp.ts';
import { listRevisions } from '../migrations/read.ts';
import { asWriter, author, filesOf, withDatabase } from './session.ts';
import type { Options } from './settings.ts';

export interface Current {
  revision: Position;
  /** The last migration on disk. */
  head: Position;
  pending: number;
}

/**
 * Where the database stands. Reads names only, no contents.
 *
 * @example
 * const { revision, pending } = await getCurrentRevision({ databaseUrl: 'sqlite:///data/app.db' });
 */
export function getCurrentRevision(options: Options = {}): Promise<Current> {
  return withDatabase(options, async ({ database, settings }) => {
    const history = await database.history.read();
    const listed = await listRevisions(settings.migrations);
    if (!listed.ok) throw new ProblemError(listed.problem);
    const applied = new Set(history.map(({ revision }) => revision));
    const pending = listed.revisions.filter((revision) => !applied.has(revision)).length;
    return { revision: currentPosition(history), head: listed.revisions.at(-1) ?? 'base', pending };
  });
}

export interface HistoryEntry {
  revision: Revision;
  state: HistoryState | 'pending' | 'missing file';
  /** ISO 8601 in UTC. */
  appliedAt?: string;
  durationMs?: number;
}

/** All revisions, applied ones in the order of their application, then pending ones in theirs. */
export function getMigrationHistory(options: Options = {}): Promise<HistoryEntry[]> {
  return withDatabase(options, async ({ database, settings }) => {
    const history = await database.history.read();
    const listed = await listRevisions(settings.migrations);
    if (!listed.ok) throw new ProblemError(listed.problem);
    const known = new Set(listed.revisions);
    const applied = new Set(history.map(({ revision }) => revision));
    return [
      ...history.map(
        ({ revision, state, appliedAt, durationMs }): HistoryEntry => ({
          revision,
          state: known.has(revision) ? state : 'missing file',
          appliedAt,
          durationMs,
        }),
      ),
      ...listed.revisions
        .filter((revision) => !applied.has(revision))
        .map((revision): HistoryEntry => ({ revision, state: 'pending' })),
    ];
  });
}

/** Makes the history say that exactly the migrations up to the target are applied, without running one. */
export function stampDatabase(options: Options & { target: string }): Promise<{ revision: Position }> {
  return asWriter(options, async ({ database, settings, runId }) => {
    const target = parseTarget(options.target);
    if (target === undefined)
      throw new ProblemError({ reason: 'UnknownTarget', message: `"${options.target}" is no target.` });
    const change = stamp(await filesOf(settings), await database.history.read(), target, author(runId));
    if (!change.ok) throw new ProblemError(change.problem);
    await database.history.ensure();
    await database.history.remove(change.remove);
    await database.history.put(change.put);
    return { revision: currentPosition(await database.history.read()) };
  });
}

/** Mends the history after a person has looked at the database. What is not decided is reported as `left`. */
export function repairHistory(options: Options & RepairChoices): Promise<Repair['findings']> {
  return asWriter(options, async ({ database, settings }) => {
    const change = repair(await filesOf(settings), await database.history.read(), options);
    await database.history.remove(change.remove);
    await database.history.put(change.put);
    return change.findings;
  });
}

/** Takes over another tool's history: its rows become ours, nothing is run, and its table stays. */
export function adoptHistory(
  options: Options & { from: ForeignTool },
): Promise<{ adopted: Revision[]; unmatched: string[] }> {
  return asWriter(options, async ({ database, settings, runId }) => {
    const rows = await database.history.foreign(FOREIGN_TABLES[options.from]);
    if (rows === undefined) {
      throw new ProblemError({
        reason: 'InvalidConfiguration',
        message: `The database has no table ${FOREIGN_TABLES[options.from]}, where ${options.from} keeps its history.`,
      });
    }
    const adoption = readForeignHistory(
      options.from,
      rows,
      await filesOf(settings),
      await database.history.read(),
      author(runId),
    );
    if (!adoption.ok) throw new ProblemError(adoption.problem);
    await database.history.ensure();
    await database.history.put(adoption.put);
    return { adopted: adoption.put.map(({ revision }) => revision), unmatched: adoption.unmatched };
  });
}
