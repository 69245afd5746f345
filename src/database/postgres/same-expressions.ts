import type { Doubt } from '../../core/schema/doubts.ts';
import { canonicalExpression } from '../../core/schema/expressions.ts';
import { canonicalType } from '../../core/schema/types.ts';
import type { Client } from './driver.ts';
import { qualified } from './queries.ts';

/** A SELECT may have 1,664 columns; each pair needs two. */
const MOST_PAIRS = 500;

/**
 * Which of the pairs have the same meaning for this server. It is asked to plan `SELECT first, second` and show the plan:
 * the planner resolves types, adds the casts, and computes what is constant, so that equal expressions are printed
 * alike. Nothing is executed or written, which a standby and a user without the TEMPORARY privilege allow too.
 */
export async function sameExpressions(client: Client, doubts: readonly Doubt[]): Promise<boolean[]> {
  const answers = new Map<Doubt, boolean>();
  const groups = Map.groupBy(doubts, ({ table }) => (table === undefined ? '' : qualified(table.schema, table.name)));
  for (const [from, group] of groups) {
    for (let at = 0; at < group.length; at += MOST_PAIRS) {
      const some = group.slice(at, at + MOST_PAIRS);
      for (const [index, same] of (await answersOf(client, from, some)).entries()) {
        const doubt = some[index];
        if (doubt !== undefined) answers.set(doubt, same);
      }
    }
  }
  return doubts.map((doubt) => answers.get(doubt) ?? false);
}

/** All in one statement; if that fails, each alone, because a text that the server rejects is unrelated to the others. */
async function answersOf(client: Client, from: string, doubts: readonly Doubt[]): Promise<boolean[]> {
  try {
    return await explain(client, from, doubts);
  } catch {
    if (doubts.length === 1) return [false];
    const answers: boolean[] = [];
    for (const doubt of doubts) answers.push(...(await answersOf(client, from, [doubt])));
    return answers;
  }
}

async function explain(client: Client, from: string, doubts: readonly Doubt[]): Promise<boolean[]> {
  const columns = doubts.flatMap(({ expected, found, type }) => [typed(expected, type), typed(found, type)]);
  const text = `EXPLAIN (VERBOSE, COSTS OFF, FORMAT JSON) SELECT ${columns.join(', ')}${from === '' ? '' : ` FROM ${from}`}`;
  // The extended protocol accepts exactly one statement, regardless of the texts.
  const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: { Output: string[] } }] }>({
    text,
    queryMode: 'extended',
  } as { text: string });
  const output = (rows[0]?.['QUERY PLAN'][0].Plan.Output ?? []).map((printed) =>
    canonicalExpression('postgres', printed),
  );
  if (output.length !== columns.length) throw new Error('the plan prints one output for each column of the SELECT');
  return doubts.map((_, index) => output[2 * index] === output[2 * index + 1]);
}

/** A line of its own, so that a comment at the end of the text cannot hide what follows. json has no equality of its own. */
function typed(expression: string, type: string | undefined): string {
  if (type === undefined) return `(${expression}\n)`;
  const full = canonicalType('postgres', type);
  return `(${expression}\n)::${full}${full === 'json' ? '::jsonb' : ''}`;
}
