import { posix } from 'node:path';
import type { Snapshot } from '../core/model/snapshot.ts';
import { compareSnapshots, type Difference } from '../core/schema/compare.ts';
import { shortName } from '../core/schema/names.ts';
import { withoutReused } from '../core/schema/serial-sequences.ts';
import { withoutDifference } from '../core/schema/undo.ts';
import { type DescribedDifference, inWords } from '../core/schema/validation.ts';
import type { Database, Introspector } from '../database/port.ts';
import { sqlBetween } from '../migrations/generate/generate.ts';
import { inWordsOf } from './difference.ts';

/** A difference, and the SQL that undoes it alone. */
export interface DriftDifference extends DescribedDifference {
  /** Statements without a semicolon, in order; none if it cannot be undone by ALTER. */
  sql: string[];
}

export interface Drift {
  differences: DriftDifference[];
  /** Number of differences that `ignore` left out. */
  ignored: number;
  /** Statements that undo all differences, in an order in which they can run. */
  sql: string[];
}

/** The schema and the history of one moment: no run is in progress while they are read. */
export async function readLive(database: Database, options: Parameters<Database['lock']>[0]) {
  const lock = await database.lock(options);
  try {
    return { history: await database.history.read(), found: await database.snapshot() };
  } finally {
    await lock.release();
  }
}

/** The differences of the live schema. `ignore`: glob patterns over `table` or `table.name`. */
export async function compareLive(
  database: Introspector,
  wanted: Snapshot,
  found: Snapshot,
  ignore: readonly string[],
): Promise<Drift> {
  const expected = await inWordsOf(database, wanted, found);
  const all = withoutReused(compareSnapshots(expected, found), expected);
  const kept = removalsFirst(all.filter((difference) => !isIgnored(difference, ignore)));
  return {
    differences: kept.map((difference) => ({
      ...inWords(difference),
      sql: sqlBetween(withoutDifference(expected, found, difference), found),
    })),
    ignored: all.length - kept.length,
    sql: sqlBetween(
      kept.reduce((schema, one) => withoutDifference(expected, schema, one), found),
      found,
    ),
  };
}

/** A constraint that was replaced is one that is extra and one that is missing, often of one name: so in this order. */
function removalsFirst(differences: readonly Difference[]): Difference[] {
  const isRemoval = ({ kind }: Difference) => kind === 'extra';
  return [...differences.filter(isRemoval), ...differences.filter((one) => !isRemoval(one))];
}

function isIgnored({ table, name }: Difference, patterns: readonly string[]): boolean {
  const place = shortName(table);
  const names = name === undefined ? [place] : [place, `${place}.${name}`];
  return patterns.some((pattern) => names.some((one) => posix.matchesGlob(one, pattern)));
}
