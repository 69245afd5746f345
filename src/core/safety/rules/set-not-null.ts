import { type SchemaActionOf, type TableRef, tableName } from '../action.ts';
import { quoteName, spellTable } from '../quoting.ts';
import { onTableInUse, POSTGRES, type Rule, type RuleActionContext } from '../rule.ts';

/** Since this version a valid CHECK with the same condition avoids the scan. */
const PROVEN_BY_CHECK = 120000;
/** Since this version NOT NULL is a constraint that can be added as NOT VALID. */
const CONSTRAINT_SINCE = 180000;

export const setNotNull: Rule = {
  id: 'set-not-null',
  topic: 'locks',
  title: 'SET NOT NULL on a column of a table in use.',
  why: 'Every row is scanned under an ACCESS EXCLUSIVE lock: all reads and writes are blocked until it finishes. Since PostgreSQL 12 a validated CHECK with the same condition avoids the scan; since 18 NOT NULL itself can be added as NOT VALID and validated. Before 12, keep the validated CHECK instead.',
  dialects: POSTGRES,
  severity: 'error',
  check: onTableInUse(['setNotNull', 'addConstraint'], (action, place) => {
    const column = action.kind === 'setNotNull' ? action.column : requiredBy(action);
    if (column === undefined || isProven(action.table, column, place)) return undefined;
    return finding(action.table, column, place);
  }),
  examples: {
    bad: [
      { sql: 'ALTER TABLE orders ALTER COLUMN account_id SET NOT NULL' },
      {
        given: `ALTER TABLE orders ADD CONSTRAINT has_account CHECK (account_id IS NOT NULL) NOT VALID`,
        sql: 'ALTER TABLE orders ALTER COLUMN account_id SET NOT NULL',
      },
      {
        given: `ALTER TABLE orders ADD CONSTRAINT has_account CHECK (account_id IS NOT NULL) NOT VALID;
                ALTER TABLE orders VALIDATE CONSTRAINT has_account`,
        sql: 'ALTER TABLE orders ALTER COLUMN account_id SET NOT NULL',
        version: 110000,
      },
      { sql: 'ALTER TABLE orders ADD CONSTRAINT has_account NOT NULL account_id', version: 180000 },
    ],
    good: [
      {
        given: `ALTER TABLE orders ADD CONSTRAINT has_account CHECK (account_id IS NOT NULL) NOT VALID;
                ALTER TABLE orders VALIDATE CONSTRAINT has_account`,
        sql: 'ALTER TABLE orders ALTER COLUMN account_id SET NOT NULL; ALTER TABLE orders DROP CONSTRAINT has_account',
        version: 120000,
      },
      { sql: 'ALTER TABLE orders ADD CONSTRAINT has_account NOT NULL account_id NOT VALID', version: 180000 },
      {
        given: 'CREATE TABLE orders (account_id bigint NOT NULL)',
        sql: 'ALTER TABLE orders ALTER COLUMN account_id SET NOT NULL',
      },
      { sql: 'CREATE TABLE fills (id bigint); ALTER TABLE fills ALTER COLUMN id SET NOT NULL' },
    ],
  },
};

function requiredBy({ constraint, notValid, columns }: SchemaActionOf<'addConstraint'>): string | undefined {
  return constraint === 'not null' && !notValid ? columns[0] : undefined;
}

function isProven(table: TableRef, column: string, { known, server }: RuleActionContext): boolean {
  const now = known.table(table);
  if (now?.notNull.has(column)) return true;
  const checks = server.version >= PROVEN_BY_CHECK ? (now?.constraints ?? []) : [];
  return checks.some(({ constraint, valid, notNullOf }) => constraint === 'check' && valid && notNullOf === column);
}

function finding(table: TableRef, column: string, { server }: RuleActionContext) {
  const alter = `ALTER TABLE ${spellTable(table)}`;
  const name = quoteName(`${table.name}_${column}_not_null`);
  const test =
    server.version >= CONSTRAINT_SINCE ? `NOT NULL ${quoteName(column)}` : `CHECK (${quoteName(column)} IS NOT NULL)`;
  const rest =
    server.version >= CONSTRAINT_SINCE || server.version < PROVEN_BY_CHECK
      ? ''
      : ` and then ${alter} ALTER COLUMN ${quoteName(column)} SET NOT NULL; ${alter} DROP CONSTRAINT ${name};`;
  return {
    message: `Scans every row of ${tableName(table)} to verify that ${column} is not null: all reads and writes are blocked until it finishes.`,
    advice: `${alter} ADD CONSTRAINT ${name} ${test} NOT VALID; in the next migration: ${alter} VALIDATE CONSTRAINT ${name};${rest}`,
  };
}
