import { count } from '../../model/count.ts';
import { BOTH, type Rule, whole } from '../rule.ts';

export const opaqueCode: Rule = {
  id: 'opaque-code',
  topic: 'hygiene',
  title: 'Code whose statements are not all known.',
  why: 'What code does is seen when it runs: it is run on an empty scratch database and its statements are written down. Where that was not possible, or stopped before its end, no rule can speak of the rest.',
  dialects: BOTH,
  severity: 'notice',
  check: whole(({ migration: { opaque, statements } }) =>
    opaque
      ? [
          {
            message:
              statements.length === 0
                ? 'Its statements are not known: it is code, and has not been recorded.'
                : `Only the first ${count(statements.length, 'statement')} of it ${statements.length === 1 ? 'is' : 'are'} known: the recording of its code stopped behind them.`,
            advice:
              'The rehearsal runs it on a copy and watches. To have its statements checked before, make it run on an empty schema, or write it as .sql.',
          },
        ]
      : [],
  ),
  examples: {
    bad: [
      { sql: '', opaque: true },
      { sql: 'CREATE TABLE a (id bigint)', opaque: true },
      { sql: 'CREATE TABLE a (id bigint)', opaque: true, dialect: 'sqlite' },
    ],
    good: [{ sql: 'CREATE TABLE a (id bigint)' }],
  },
};
