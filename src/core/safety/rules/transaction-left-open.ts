import { OPENS } from '../locks.ts';
import { BOTH, type FindingDraft, onMigration, type Rule, type SeenAction } from '../rule.ts';

export const transactionLeftOpen: Rule = {
  id: 'transaction-left-open',
  topic: 'style',
  title: 'A transaction is opened and not ended.',
  why: 'The statements after BEGIN are rolled back when the connection closes, and the migration fails at its end.',
  dialects: BOTH,
  severity: 'error',
  check: onMigration(({ before, migration }): FindingDraft[] => {
    if (migration.transactional) return [];
    const open = before.reduce<SeenAction | undefined>((last, seen) => {
      if (seen.action.kind !== 'transaction') return last;
      return OPENS.has(seen.action.verb) ? seen : undefined;
    }, undefined);
    if (open === undefined) return [];
    return [
      {
        statement: open.statement,
        message: 'Begins a transaction that is never ended.',
        advice: 'End it with COMMIT, or remove BEGIN and let the migration run in its own transaction.',
      },
    ];
  }),
  examples: {
    bad: [
      { sql: 'BEGIN; CREATE TABLE a (id bigint)', transaction: false },
      { sql: 'BEGIN; CREATE TABLE a (id bigint)', transaction: false, dialect: 'sqlite' },
    ],
    good: [
      { sql: 'BEGIN; CREATE TABLE a (id bigint); COMMIT', transaction: false },
      { sql: 'CREATE TABLE a (id bigint)', transaction: false },
    ],
  },
};
