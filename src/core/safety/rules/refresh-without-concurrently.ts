import { tableName } from '../action.ts';
import { spellTable } from '../quoting.ts';
import { onAction, POSTGRES, type Rule } from '../rule.ts';

export const refreshWithoutConcurrently: Rule = {
  id: 'refresh-without-concurrently',
  topic: 'locks',
  title: 'A materialized view is refreshed without CONCURRENTLY.',
  why: 'The view is locked with ACCESS EXCLUSIVE while its query runs: reads are blocked. With CONCURRENTLY, readers see the old rows until the new ones are ready. It needs a unique index without a WHERE clause, and a view that has been populated.',
  dialects: POSTGRES,
  severity: 'warning',
  check: onAction('refreshView', ({ view, concurrently }, { isNew }) =>
    concurrently || isNew(view)
      ? undefined
      : {
          message: `Reads of ${tableName(view)} are blocked while its query runs.`,
          advice: `REFRESH MATERIALIZED VIEW CONCURRENTLY ${spellTable(view)}; it needs a unique index without a WHERE clause: CREATE UNIQUE INDEX … ON ${spellTable(view)} (…);`,
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
