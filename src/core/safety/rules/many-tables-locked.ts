import { type SchemaActionKind, tableKey, tableName } from '../action.ts';
import { allTransactions, locksIn } from '../locks.ts';
import { type FindingDraft, type MigrationContext, onMigration, POSTGRES, type Rule } from '../rule.ts';

/** A foreign key locks two. */
const MANY = 3;
const SHOWN = 5;
const LEFT_OUT: ReadonlySet<SchemaActionKind> = new Set(['dropTable', 'createTable']);

export const manyTablesLocked: Rule = {
  id: 'many-tables-locked',
  topic: 'locks',
  title: 'One transaction locks three tables or more.',
  why: 'Each lock is held while the next one is waited for, so the first table is blocked until the last lock is acquired. An application that takes the locks in another order causes a deadlock, and one of the two transactions is rolled back.',
  dialects: POSTGRES,
  severity: 'warning',
  check: onMigration((scope: MigrationContext): FindingDraft[] =>
    allTransactions(scope).flatMap((transaction) => {
      const tables = new Map<string, { name: string; statement: FindingDraft['statement'] }>();
      for (const { table, seen } of locksIn(transaction, scope.known)) {
        const key = tableKey(table);
        // Not counted: dropped tables, which should be unused, and the tables that a new table references.
        if (LEFT_OUT.has(seen.action.kind) || tables.has(key)) continue;
        tables.set(key, { name: tableName(table), statement: seen.statement });
      }
      if (tables.size < MANY) return [];
      const names = [...tables.values()].map(({ name }) => name);
      const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : '';
      return [
        {
          statement: [...tables.values()][MANY - 1]?.statement,
          message: `Locks ${names.length} tables at the same time: ${names.slice(0, SHOWN).join(', ')}${more}.`,
          advice: 'Split it into one migration per table: each commits and releases its lock before the next begins.',
        },
      ];
    }),
  ),
  examples: {
    bad: [
      {
        sql: `ALTER TABLE orders ADD COLUMN source text; ALTER TABLE fills ADD COLUMN source text;
              ALTER TABLE accounts ADD COLUMN source text`,
      },
      {
        sql: `ALTER TABLE orders ADD CONSTRAINT a FOREIGN KEY (account_id) REFERENCES accounts NOT VALID;
              ALTER TABLE orders ADD CONSTRAINT s FOREIGN KEY (strategy_id) REFERENCES strategies NOT VALID`,
      },
      {
        sql: 'BEGIN; LOCK TABLE a, b, c IN SHARE MODE; COMMIT',
        transaction: false,
      },
    ],
    good: [
      { sql: 'ALTER TABLE orders ADD COLUMN source text; ALTER TABLE fills ADD COLUMN source text' },
      {
        sql: `ALTER TABLE orders ADD COLUMN source text; ALTER TABLE fills ADD COLUMN source text;
              ALTER TABLE accounts ADD COLUMN source text`,
        transaction: false,
      },
      {
        sql: `BEGIN; ALTER TABLE orders ADD COLUMN source text; ALTER TABLE fills ADD COLUMN source text; COMMIT;
              BEGIN; ALTER TABLE accounts ADD COLUMN source text; COMMIT`,
        transaction: false,
      },
      { sql: 'CREATE TABLE a (b bigint REFERENCES b, c bigint REFERENCES c, d bigint REFERENCES d)' },
      { sql: 'CREATE TABLE a (id bigint); CREATE TABLE b (id bigint); CREATE TABLE c (id bigint)' },
      { sql: 'UPDATE a SET x = 1 WHERE id = 1; UPDATE b SET x = 1 WHERE id = 1; UPDATE c SET x = 1 WHERE id = 1' },
    ],
  },
};
