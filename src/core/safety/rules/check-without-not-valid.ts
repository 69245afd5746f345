import { type SchemaActionOf, tableName } from '../action.ts';
import { quoteName, spellTable, written } from '../quoting.ts';
import { onTableInUse, POSTGRES, type Rule, type RuleActionContext } from '../rule.ts';

export const checkWithoutNotValid: Rule = {
  id: 'check-without-not-valid',
  topic: 'locks',
  title: 'A CHECK constraint is added without NOT VALID.',
  why: 'Every row is scanned under an ACCESS EXCLUSIVE lock: all reads and writes are blocked until it finishes. With NOT VALID only new rows are checked; VALIDATE CONSTRAINT checks the existing rows later, without blocking reads or writes.',
  dialects: POSTGRES,
  severity: 'error',
  check: onTableInUse(['addConstraint', 'addColumn'], (action, place) => {
    if (action.kind === 'addColumn') return ofColumn(action);
    if (action.constraint !== 'check' || action.notValid) return undefined;
    return {
      message: `Scans every row of ${tableName(action.table)} to check it: all reads and writes are blocked until it finishes.`,
      advice: advice(action, place),
    };
  }),
  examples: {
    bad: [
      { sql: 'ALTER TABLE orders ADD CONSTRAINT orders_quantity_positive CHECK (quantity > 0)' },
      { sql: 'ALTER TABLE orders ADD CHECK (quantity > 0), ADD COLUMN note text' },
      { sql: 'ALTER TABLE orders ADD COLUMN fee numeric CHECK (fee >= 0)' },
    ],
    good: [
      { sql: 'ALTER TABLE orders ADD CONSTRAINT orders_quantity_positive CHECK (quantity > 0) NOT VALID' },
      { sql: 'ALTER TABLE orders VALIDATE CONSTRAINT orders_quantity_positive' },
      { sql: 'CREATE TABLE fills (price numeric); ALTER TABLE fills ADD CONSTRAINT p CHECK (price > 0)' },
      {
        sql: 'ALTER TABLE orders ADD CONSTRAINT orders_quantity_positive CHECK (quantity > 0) NOT ENFORCED',
        version: 180000,
      },
    ],
  },
};

function ofColumn({ table, column }: SchemaActionOf<'addColumn'>) {
  if (!column.check) return undefined;
  const name = quoteName(`${table.name}_${column.name}_check`);
  return {
    message: `Adds ${tableName(table)}.${column.name} with a check: every row is scanned, and all reads and writes are blocked until it finishes.`,
    advice: `Add the column without it; then ALTER TABLE ${spellTable(table)} ADD CONSTRAINT ${name} CHECK (…) NOT VALID; and in the next migration: ALTER TABLE ${spellTable(table)} VALIDATE CONSTRAINT ${name};`,
  };
}

function advice({ table, name, columns }: SchemaActionOf<'addConstraint'>, { statement }: RuleActionContext): string {
  const constraint = quoteName(name ?? [table.name, ...columns, 'check'].join('_'));
  const alone = statement.actions?.length === 1 ? written(statement) : undefined;
  const first =
    alone?.replace(name === undefined ? /\bADD\s+CHECK\b/i : /$^/, `ADD CONSTRAINT ${constraint} CHECK`) ??
    `ALTER TABLE ${spellTable(table)} ADD CONSTRAINT ${constraint} CHECK (…)`;
  return `${first} NOT VALID; and in the next migration: ALTER TABLE ${spellTable(table)} VALIDATE CONSTRAINT ${constraint};`;
}
