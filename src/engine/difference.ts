import type { Snapshot } from '../core/model/snapshot.ts';
import { compareSnapshots, type Difference } from '../core/schema/compare.ts';
import { doubtsOf, inFoundWords } from '../core/schema/doubts.ts';
import type { Introspector } from '../database/port.ts';

/**
 * The expected schema, with the found text in place of the expected one if the database reports that both mean the
 * same: `'09:00'` and `'09:00:00'::time without time zone` are the same default. The database is not queried for
 * identical texts.
 */
export async function inWordsOf(database: Introspector, expected: Snapshot, found: Snapshot): Promise<Snapshot> {
  const doubts = doubtsOf(expected, found);
  if (doubts.length === 0) return expected;
  const answers = await database.sameExpressions(doubts);
  return inFoundWords(
    expected,
    doubts.filter((_, index) => answers[index]),
  );
}

/** The differences between two schemas. The database decides if the texts alone cannot. */
export async function differencesOn(
  database: Introspector,
  expected: Snapshot,
  found: Snapshot,
): Promise<Difference[]> {
  return compareSnapshots(await inWordsOf(database, expected, found), found);
}
