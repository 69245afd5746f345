import { CAPABILITIES } from '../../model/dialect.ts';
import { type SchemaAction, type TableRef, tableName } from '../action.ts';
import { BOTH, type FindingDraft, type MigrationContext, onMigration, type Rule } from '../rule.ts';
import type { KnownTable } from '../schema-state.ts';

export const foreignKeyWithoutIndex: Rule = {
  id: 'foreign-key-without-index',
  topic: 'style',
  title: 'A foreign key without an index that begins with its columns.',
  why: 'Every DELETE of a parent row, and every UPDATE of its key, scans the whole child table for references. Neither PostgreSQL nor SQLite creates this index automatically.',
  dialects: BOTH,
  severity: 'notice',
  check: onMigration(({ before, known, server }: MigrationContext) =>
    before.flatMap(({ action, statement, createdInPlan }) =>
      keysOf(action).flatMap(({ table, columns }): FindingDraft[] => {
        const now = known.table(table);
        if (now === undefined || isIndexed(now, columns)) return [];
        const name = tableName(table);
        const made = `${[table.name, ...columns].join('_')}_idx ON ${name} (${columns.join(', ')});`;
        const online =
          CAPABILITIES[server.dialect].concurrentIndexes && !(createdInPlan || action.kind === 'createTable');
        return [
          {
            statement,
            message: `No index of ${name} begins with ${columns.join(', ')}, the columns of a foreign key.`,
            advice: online
              ? `In a separate migration, outside a transaction: CREATE INDEX CONCURRENTLY ${made}`
              : `CREATE INDEX ${made}`,
          },
        ];
      }),
    ),
  ),
  examples: {
    bad: [
      { sql: 'CREATE TABLE fills (id bigint PRIMARY KEY, order_id bigint REFERENCES orders)' },
      {
        sql: 'ALTER TABLE fills ADD CONSTRAINT fills_order FOREIGN KEY (order_id) REFERENCES orders NOT VALID',
      },
      { sql: 'ALTER TABLE fills ADD COLUMN order_id INTEGER REFERENCES orders (id)', dialect: 'sqlite' },
      { sql: 'CREATE TABLE t (a bigint, b bigint REFERENCES orders, PRIMARY KEY (a, b))' },
    ],
    good: [
      {
        sql: `CREATE TABLE fills (id bigint PRIMARY KEY, order_id bigint REFERENCES orders);
              CREATE INDEX fills_order ON fills (order_id, id)`,
      },
      {
        given: 'CREATE INDEX fills_order ON fills (order_id)',
        sql: 'ALTER TABLE fills ADD CONSTRAINT fills_order FOREIGN KEY (order_id) REFERENCES orders NOT VALID',
      },
      { sql: 'CREATE TABLE t (a bigint REFERENCES orders, b bigint, PRIMARY KEY (a, b))' },
      { sql: 'CREATE TABLE t (a bigint REFERENCES orders UNIQUE)' },
      {
        sql: 'CREATE TABLE fills (order_id INTEGER REFERENCES orders); CREATE INDEX f ON fills (order_id)',
        dialect: 'sqlite',
      },
    ],
  },
};

function keysOf(action: SchemaAction): { table: TableRef; columns: readonly string[] }[] {
  switch (action.kind) {
    case 'createTable':
      return action.constraints
        .filter(({ constraint }) => constraint === 'foreign key')
        .map(({ columns }) => ({ table: action.table, columns }));
    case 'addColumn':
      return action.column.references === undefined ? [] : [{ table: action.table, columns: [action.column.name] }];
    case 'addConstraint':
      return action.constraint === 'foreign key' ? [action] : [];
    default:
      return [];
  }
}

/** Covered by an index or a key that begins with the columns, in any order. */
function isIndexed({ primaryKey, constraints, indexes }: KnownTable, columns: readonly string[]): boolean {
  const lists = [
    primaryKey,
    ...constraints.filter(({ constraint }) => constraint === 'unique').map((one) => one.columns),
    ...indexes.filter(({ partial }) => !partial).map((one) => one.columns),
  ];
  return lists.some((list) => columns.every((column) => list.slice(0, columns.length).includes(column)));
}
