import { tableName } from '../action.ts';
import { onTableInUse, POSTGRES, type Rule } from '../rule.ts';

export const lockTable: Rule = {
  id: 'lock-table',
  topic: 'locks',
  title: 'LOCK TABLE in a mode that blocks other sessions.',
  why: 'The lock is held until the migration ends. Statements take the locks that they need automatically. Without a mode, LOCK TABLE takes ACCESS EXCLUSIVE, which blocks reads too.',
  dialects: POSTGRES,
  severity: 'warning',
  check: onTableInUse('lockTable', ({ table, exclusive }) => ({
    message: `Locks ${tableName(table)} until the migration ends: ${exclusive ? 'all reads and writes' : 'writes'} are blocked.`,
    advice:
      'Remove it, or use a mode that does not block reads and writes: LOCK TABLE … IN SHARE UPDATE EXCLUSIVE MODE. It is not needed to keep migrations apart: db-manager runs one at a time.',
  })),
  examples: {
    bad: [{ sql: 'LOCK TABLE orders' }, { sql: 'LOCK TABLE orders, fills IN SHARE ROW EXCLUSIVE MODE NOWAIT' }],
    good: [
      { sql: 'LOCK TABLE orders IN SHARE UPDATE EXCLUSIVE MODE' },
      { sql: 'LOCK TABLE orders IN ACCESS SHARE MODE' },
      { sql: 'CREATE TABLE fills (id bigint); LOCK TABLE fills' },
    ],
  },
};
