import { tableName } from '../action.ts';
import { BOTH, onTableInUse, type Rule } from '../rule.ts';

export const deleteWithoutWhere: Rule = {
  id: 'delete-without-where',
  topic: 'data',
  title: 'DELETE without WHERE.',
  why: 'Every row is deleted, and with it the rows that reference it with ON DELETE CASCADE. The rows can be recovered only from a backup.',
  dialects: BOTH,
  severity: 'error',
  check: onTableInUse('delete', ({ table, filtered }) => {
    if (filtered) return undefined;
    const name = tableName(table);
    return {
      message: `Deletes every row of ${name}.`,
      advice: `Restrict the rows: DELETE FROM ${name} WHERE …. If every row should be deleted: -- db-manager:ignore delete-without-where <why>`,
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
