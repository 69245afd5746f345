import type { SqlToken } from '../../../sql/significant.ts';
import type { SchemaAction } from '../action.ts';

/** Sequences of words that identify a feature in the text. Source: https://sqlite.org/changes.html. */
const WORDS: readonly { feature: string; since: number; marks: readonly string[] }[] = [
  { feature: 'UPSERT (ON CONFLICT DO)', since: 3024000, marks: ['DO NOTHING', 'DO UPDATE'] },
  { feature: 'a window function', since: 3025000, marks: ['OVER (', 'PARTITION BY'] },
  { feature: 'VACUUM INTO', since: 3027000, marks: ['VACUUM INTO', 'VACUUM MAIN INTO'] },
  { feature: 'FILTER on an aggregate', since: 3030000, marks: ['FILTER ('] },
  { feature: 'NULLS FIRST or NULLS LAST', since: 3030000, marks: ['NULLS FIRST', 'NULLS LAST'] },
  { feature: 'a generated column', since: 3031000, marks: ['GENERATED ALWAYS'] },
  { feature: 'MATERIALIZED in WITH', since: 3035000, marks: ['AS MATERIALIZED', 'AS NOT MATERIALIZED'] },
  { feature: 'RIGHT JOIN', since: 3039000, marks: ['RIGHT JOIN', 'RIGHT OUTER'] },
  { feature: 'FULL JOIN', since: 3039000, marks: ['FULL JOIN', 'FULL OUTER'] },
  { feature: 'IS DISTINCT FROM', since: 3039000, marks: ['IS DISTINCT', 'IS NOT DISTINCT'] },
  { feature: 'the operator -> or ->>', since: 3038000, marks: ['- >'] },
];

/** Functions by the version that introduced them. */
const FUNCTIONS: Record<string, number> = {
  IIF: 3032000,
  UNIXEPOCH: 3038000,
  FORMAT: 3038000,
  UNHEX: 3041000,
  TIMEDIFF: 3043000,
  OCTET_LENGTH: 3043000,
  CONCAT: 3044000,
  CONCAT_WS: 3044000,
  STRING_AGG: 3044000,
  JSONB: 3045000,
  JSONB_ARRAY: 3045000,
  JSONB_EXTRACT: 3045000,
  JSONB_GROUP_ARRAY: 3045000,
  JSONB_GROUP_OBJECT: 3045000,
  JSONB_INSERT: 3045000,
  JSONB_OBJECT: 3045000,
  JSONB_PATCH: 3045000,
  JSONB_REMOVE: 3045000,
  JSONB_REPLACE: 3045000,
  JSONB_SET: 3045000,
  JSON_PRETTY: 3046000,
  UNISTR: 3050000,
};

/** The features in a statement that older libraries do not have, each once. */
export function features(tokens: readonly SqlToken[]): SchemaAction[] {
  const found = new Map<string, number>();
  const verb = tokens[0]?.key;
  const writes = tokens.some(
    ({ key }) => key === 'INSERT' || key === 'UPDATE' || key === 'DELETE' || key === 'REPLACE',
  );
  for (const [index, { key }] of tokens.entries()) {
    if (key === '') continue;
    const next = tokens[index + 1]?.key ?? '';
    const pair = `${key} ${next}`;
    const three = `${pair} ${tokens[index + 2]?.key ?? ''}`;
    for (const { feature, since, marks } of WORDS) {
      if (marks.some((mark) => mark === pair || mark === three)) found.set(feature, since);
    }
    const since = next === '(' ? FUNCTIONS[key] : undefined;
    if (since !== undefined) found.set(`the function ${key.toLowerCase()}()`, since);
    if (key === 'RETURNING' && writes && verb !== 'CREATE') found.set('RETURNING', 3035000);
  }
  return [...found].map(([feature, since]) => ({ kind: 'feature', feature, since }));
}
