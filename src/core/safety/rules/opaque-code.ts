import { count } from '../../model/count.ts';
import { BOTH, onMigration, type Rule } from '../rule.ts';

export const opaqueCode: Rule = {
  id: 'opaque-code',
  topic: 'style',
  title: 'Code whose statements are not all known.',
  why: 'The statements of a code migration are recorded by running it on an empty scratch database. If it could not be run there, or stopped before its end, the rules cannot check the remaining statements.',
  dialects: BOTH,
  severity: 'notice',
  check: onMigration(({ migration: { opaque, statements } }) =>
    opaque
      ? [
          {
            message:
              statements.length === 0
                ? 'Its statements are not known: it is code and was not recorded.'
                : `Only the first ${count(statements.length, 'statement')} of it ${statements.length === 1 ? 'is' : 'are'} known: the recording stopped after them.`,
            advice:
              'The rehearsal runs it on a copy and reports its effects. To have its statements checked earlier, make it run on an empty schema, or write it as .sql.',
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
