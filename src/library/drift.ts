import { posix } from 'node:path';
import type { Revision } from '../core/model/revision.ts';
import type { Snapshot } from '../core/model/snapshot.ts';
import { compareSnapshots, type Difference } from '../core/schema/compare.ts';
import { shortName } from '../core/schema/names.ts';
import { withoutDifference } from '../core/schema/undo.ts';
import { type DescribedDifference, inWords } from '../core/schema/validation.ts';
import { inWordsOf } from '../engine/difference.ts';
import { sqlBetween } from '../migrations/generate/generate.ts';
import { holder } from './holder.ts';
import { noModels, notesOf, replay } from './schema.ts';
import { type Session, withModels } from './session.ts';
import type { Options } from './settings.ts';

export interface DriftOptions extends Options {
  /** What the schema should be. `migrations` (default): a replay of the applied migrations. `models`: the models. */
  against?: 'migrations' | 'models';
  /**
   * Objects that may differ, as glob patterns over `table` or `table.name`: `audit_*`, `orders.note`, `reporting.*`.
   */
  ignore?: string[];
}

/** A difference, and the SQL that undoes it alone. */
export interface DriftDifference extends DescribedDifference {
  /** Statements without a semicolon, in order; none if it cannot be undone by ALTER. */
  sql: string[];
}

export interface DriftResult {
  /** Whether there is no difference that is not ignored. */
  inSync: boolean;
  /** The schema that the database was compared with. */
  expected: string;
  differences: DriftDifference[];
  /** Number of differences that `ignore` left out. */
  ignored: number;
  /** Statements that undo all differences, in an order in which they can run. */
  sql: string[];
  /** What was not checked: tables of other schemas. */
  notes: string[];
}

/**
 * Compares the live schema with the schema that the applied migrations make. Waits for a run in progress, and holds the
 * migration lock only while the schema is read. Nothing is changed. Partitions and children that a program creates at
 * run time, and objects of extensions, are not differences. Throws ProblemError.
 *
 * @example
 * const { inSync, differences } = await findDrift({ databaseUrl: 'sqlite:///data/app.db' });
 */
export function findDrift(options: DriftOptions = {}): Promise<DriftResult> {
  return withModels(options, async (session) => {
    const { database, settings, runId } = session;
    const { onMessage: onWaiting, signal } = options;
    const waitMs = settings.timeouts.run === 0 ? 900_000 : settings.timeouts.run / 2;
    const lock = await database.lock({ waitMs, runId, holder: holder(), onWaiting, signal });
    const read = async () => ({ history: await database.history.read(), found: await database.snapshot() });
    const { history, found } = await read().finally(() => lock.release());
    const wanted = await wantedSchema(session, options.against, history);
    const expected = await inWordsOf(database, wanted.snapshot, found);
    const all = compareSnapshots(expected, found);
    const kept = all.filter((difference) => !isIgnored(difference, options.ignore ?? []));
    return {
      inSync: kept.length === 0,
      expected: wanted.source,
      differences: kept.map((difference) => ({
        ...inWords(difference),
        sql: sqlBetween(withoutDifference(expected, found, difference), found),
      })),
      ignored: all.length - kept.length,
      sql: sqlBetween(
        kept.reduce((schema, one) => withoutDifference(expected, schema, one), found),
        found,
      ),
      notes: await notesOf(database),
    };
  });
}

async function wantedSchema(
  session: Session,
  against: DriftOptions['against'],
  history: readonly { revision: Revision }[],
): Promise<{ snapshot: Snapshot; source: string }> {
  if (against === 'models') {
    if (session.models === undefined) throw noModels();
    return { snapshot: session.models, source: `the models in ${session.settings.models}` };
  }
  const revisions = history.map(({ revision }) => revision);
  return { snapshot: await replay(session, revisions), source: 'a replay of the applied migrations' };
}

function isIgnored({ table, name }: Difference, patterns: readonly string[]): boolean {
  const place = shortName(table);
  const names = name === undefined ? [place] : [place, `${place}.${name}`];
  return patterns.some((pattern) => names.some((one) => posix.matchesGlob(one, pattern)));
}
