import { tableName } from '../action.ts';
import { each, POSTGRES, type Rule } from '../rule.ts';
import { spellTable } from '../spell.ts';

export const refreshWithoutConcurrently: Rule = {
  id: 'refresh-without-concurrently',
  topic: 'locks',
  title: 'A materialized view is refreshed without CONCURRENTLY.',
  why: 'It is under an ACCESS EXCLUSIVE lock for as long as its query runs: nobody can read it. CONCURRENTLY lets them read the old rows meanwhile; it needs a unique index without a condition, and a view that has been filled once.',
  dialects: POSTGRES,
  severity: 'warning',
  check: each('refreshView', ({ view, concurrently }, { isNew }) =>
    concurrently || isNew(view)
      ? undefined
      : {
          message: `Nobody can read ${tableName(view)} for as long as its query runs.`,
          advice: `REFRESH MATERIALIZED VIEW CONCURRENTLY ${spellTable(view)}; it needs one of its unique indexes to have no condition: CREATE UNIQUE INDEX … ON ${spellTable(view)} (…);`,
        },
  ),
  examples: {
    bad: [{ sql: 'REFRESH MATERIALIZED VIEW daily_volume' }],
    good: [
      { sql: 'REFRESH MATERIALIZED VIEW CONCURRENTLY daily_volume' },
      {
        sql: 'CREATE MATERIALIZED VIEW daily_volume AS SELECT 1 AS day WITH NO DATA; REFRESH MATERIALIZED VIEW daily_volume',
      },
    ],
  },
};
