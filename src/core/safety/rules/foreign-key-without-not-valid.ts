import { type SchemaActionOf, type TableRef, tableName } from '../action.ts';
import { quoteName, spellColumns, spellTable, written } from '../quoting.ts';
import { onTableInUse, POSTGRES, type Rule, type RuleActionContext } from '../rule.ts';

export const foreignKeyWithoutNotValid: Rule = {
  id: 'foreign-key-without-not-valid',
  topic: 'locks',
  title: 'A foreign key is added without NOT VALID.',
  why: 'Every row is looked up in the referenced table under a SHARE ROW EXCLUSIVE lock on both: writes to both are blocked until it finishes. With NOT VALID only new rows are checked; VALIDATE CONSTRAINT checks the existing rows later, without blocking reads or writes. A partitioned table accepts NOT VALID since PostgreSQL 18; before that, add the key to its partitions one at a time.',
  dialects: POSTGRES,
  severity: 'error',
  check: onTableInUse(['addConstraint', 'addColumn'], (action, place) => {
    if (action.kind === 'addColumn') return ofColumn(action);
    if (action.constraint !== 'foreign key' || action.notValid) return undefined;
    const parent = action.references === undefined ? 'the other table' : tableName(action.references);
    return {
      message: `Looks up every row of ${tableName(action.table)} in ${parent}: writes to both tables are blocked until it finishes.`,
      advice: advice(action, place),
    };
  }),
  examples: {
    bad: [
      { sql: 'ALTER TABLE orders ADD CONSTRAINT orders_account FOREIGN KEY (account_id) REFERENCES accounts (id)' },
      { sql: 'ALTER TABLE orders ADD FOREIGN KEY (account_id) REFERENCES accounts' },
      { sql: 'ALTER TABLE orders ADD COLUMN account_id bigint DEFAULT 1 REFERENCES accounts' },
    ],
    good: [
      {
        sql: 'ALTER TABLE orders ADD CONSTRAINT orders_account FOREIGN KEY (account_id) REFERENCES accounts (id) NOT VALID',
      },
      { sql: 'ALTER TABLE orders VALIDATE CONSTRAINT orders_account' },
      {
        sql: `CREATE TABLE fills (id bigint, order_id bigint);
              ALTER TABLE fills ADD CONSTRAINT fills_order FOREIGN KEY (order_id) REFERENCES orders`,
      },
      // The new column is NULL in every row, so PostgreSQL checks none.
      { sql: 'ALTER TABLE orders ADD COLUMN account_id bigint REFERENCES accounts' },
    ],
  },
};

function ofColumn({ table, column }: SchemaActionOf<'addColumn'>) {
  const { name, references, type } = column;
  if (references === undefined || column.default === undefined) return undefined;
  return {
    message: `Adds ${tableName(table)}.${name} with a default and a foreign key: every row is looked up in ${tableName(references)}, and all reads and writes of ${tableName(table)} are blocked until it finishes.`,
    advice: `ALTER TABLE ${spellTable(table)} ADD COLUMN ${quoteName(name)} ${type} DEFAULT …; ${inTwoSteps(table, name, `FOREIGN KEY (${quoteName(name)}) REFERENCES ${spellTable(references)}`)}`,
  };
}

function inTwoSteps(table: TableRef, column: string, key: string): string {
  const constraint = quoteName(`${table.name}_${column}_fkey`);
  return `ALTER TABLE ${spellTable(table)} ADD CONSTRAINT ${constraint} ${key} NOT VALID; and in the next migration: ALTER TABLE ${spellTable(table)} VALIDATE CONSTRAINT ${constraint};`;
}

function advice(
  { table, columns, references, name }: SchemaActionOf<'addConstraint'>,
  { statement, known, server }: RuleActionContext,
): string {
  const key = `FOREIGN KEY (${spellColumns(columns)}) REFERENCES ${references === undefined ? '…' : spellTable(references)}`;
  if (known.table(table)?.partitioned && server.version < 180000) {
    return `For each partition: ALTER TABLE <partition> ADD CONSTRAINT … ${key} NOT VALID; and VALIDATE it in the next migration. Once every partition has a valid key, adding it to ${tableName(table)} scans no rows.`;
  }
  const constraint = quoteName(name ?? `${[table.name, ...columns].join('_')}_fkey`);
  const alone = statement.actions?.length === 1 ? written(statement) : undefined;
  if (alone === undefined) return inTwoSteps(table, columns.join('_'), key);
  const named =
    name === undefined ? alone.replace(/\bADD\s+FOREIGN\b/i, `ADD CONSTRAINT ${constraint} FOREIGN`) : alone;
  return `${named} NOT VALID; and in the next migration: ALTER TABLE ${spellTable(table)} VALIDATE CONSTRAINT ${constraint};`;
}
