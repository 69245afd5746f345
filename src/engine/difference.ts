import type { Snapshot } from '../core/model/snapshot.ts';
import { compareSnapshots, type Difference } from '../core/schema/compare.ts';
import { doubtsOf, inFoundWords } from '../core/schema/doubts.ts';
import type { Database } from '../database/port.ts';

/**
 * What is expected, in the words of what was found wherever the database says that both texts mean the same: `'09:00'`
 * and `'09:00:00'::time without time zone` are one default. Texts that are spelled alike are not asked about.
 */
export async function inWordsOf(database: Database, expected: Snapshot, found: Snapshot): Promise<Snapshot> {
  const doubts = doubtsOf(expected, found);
  if (doubts.length === 0) return expected;
  const answers = await database.sameExpressions(doubts);
  return inFoundWords(
    expected,
    doubts.filter((_, index) => answers[index]),
  );
}

/** The differences of two schemas, after the database has decided where texts alone cannot. */
export async function differencesOn(database: Database, expected: Snapshot, found: Snapshot): Promise<Difference[]> {
  return compareSnapshots(await inWordsOf(database, expected, found), found);
}
