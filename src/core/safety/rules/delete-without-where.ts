import { tableName } from '../action.ts';
import { BOTH, each, type Rule } from '../rule.ts';

export const deleteWithoutWhere: Rule = {
  id: 'delete-without-where',
  topic: 'data',
  title: 'DELETE without WHERE.',
  why: 'Every row goes, and with them the rows that reference them with ON DELETE CASCADE. The rows come back only from a backup.',
  dialects: BOTH,
  severity: 'error',
  check: each('delete', ({ table, filtered }, place) => {
    if (filtered || place.isNew(table)) return undefined;
    const name = tableName(table);
    return {
      message: `Deletes every row of ${name}.`,
      advice: `Name the rows that may go: DELETE FROM ${name} WHERE …. If all of them may: -- db-manager:ignore delete-without-where <why>`,
    };
  }),
  examples: {
    bad: [
      { sql: 'DELETE FROM fills' },
      { sql: 'WITH gone AS (DELETE FROM fills RETURNING id) SELECT count(*) FROM gone' },
      { sql: 'DELETE FROM fills', dialect: 'sqlite' },
    ],
    good: [
      { sql: 'DELETE FROM fills WHERE quantity = 0' },
      { sql: 'DELETE FROM fills WHERE quantity = 0', dialect: 'sqlite' },
      { sql: 'CREATE TABLE scratch (id bigint); DELETE FROM scratch' },
    ],
  },
};
