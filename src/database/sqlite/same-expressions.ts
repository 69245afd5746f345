import type { Doubt } from '../../core/schema/doubts.ts';
import { all, closeFile, exec, openFile } from './driver.ts';

/**
 * Which of the pairs of defaults have the same meaning in SQLite: both are stored in a column of the type, in a database
 * in memory, and the values are compared. Expressions that call a function or read the clock have a different value each
 * time, and conditions are stored as they were written: those are compared only by text.
 */
export async function sameExpressions(doubts: readonly Doubt[]): Promise<boolean[]> {
  if (!doubts.some(isConstant)) return doubts.map(() => false);
  const memory = await openFile(':memory:', { create: true });
  try {
    const answers: boolean[] = [];
    for (const doubt of doubts) {
      const same = isConstant(doubt) && (await sameValues(memory, doubt).catch(() => false));
      await exec(memory, 'DROP TABLE IF EXISTS pair');
      answers.push(same);
    }
    return answers;
  } finally {
    await closeFile(memory);
  }
}

async function sameValues(memory: Parameters<typeof exec>[0], { expected, found, type = '' }: Doubt): Promise<boolean> {
  await exec(memory, `CREATE TABLE pair (a ${type} DEFAULT (${expected}\n), b ${type} DEFAULT (${found}\n))`);
  await exec(memory, 'INSERT INTO pair DEFAULT VALUES');
  const values = /^json/i.test(type) ? ['json(a)', 'json(b)'] : ['a', 'b'];
  const [row] = await all<{ same: number }>(
    memory,
    `SELECT typeof(a) = typeof(b) AND ${values.join(' IS ')} AS same FROM pair`,
  );
  return row?.same === 1;
}

function isConstant({ expected, found, table }: Doubt): boolean {
  return table === undefined && [expected, found].every((text) => !/\w\s*\(|\bcurrent_|;/i.test(withoutStrings(text)));
}

function withoutStrings(text: string): string {
  return text.replace(/'(?:[^']|'')*'/g, "''");
}
