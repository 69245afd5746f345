import { type SchemaActionOf, tableName } from '../action.ts';
import { outside, quoteName, rewritten, spellColumns, spellTable } from '../quoting.ts';
import { onTableInUse, POSTGRES, type Rule, type RuleActionContext } from '../rule.ts';

export const createIndexWithoutConcurrently: Rule = {
  id: 'create-index-without-concurrently',
  topic: 'locks',
  title: 'An index is built without CONCURRENTLY.',
  why: 'The build takes a SHARE lock: inserts, updates and deletes are blocked until it finishes. With CONCURRENTLY it reads the table twice and takes longer, but blocks neither reads nor writes. A partitioned table does not accept CONCURRENTLY: create the index ON ONLY the parent, build one on each partition concurrently, and attach them.',
  dialects: POSTGRES,
  severity: 'error',
  check: onTableInUse('createIndex', (action, place) => {
    if (action.concurrently || action.only) return undefined;
    return {
      message: `Builds an index on ${tableName(action.table)}: writes to the table are blocked until it finishes.`,
      advice: advice(action, place),
    };
  }),
  examples: {
    bad: [
      { sql: 'CREATE INDEX orders_account ON orders (account_id)' },
      { sql: 'CREATE UNIQUE INDEX orders_ref ON orders (exchange_ref)', transaction: false },
      {
        sql: 'CREATE INDEX volume_day ON daily_volume (day)',
        given: 'CREATE MATERIALIZED VIEW daily_volume AS SELECT 1 AS day',
      },
      {
        sql: 'CREATE INDEX ON fills (order_id)',
        given: 'CREATE TABLE fills (id bigint, order_id bigint) PARTITION BY HASH (id)',
      },
    ],
    good: [
      { sql: 'CREATE INDEX CONCURRENTLY orders_account ON orders (account_id)', transaction: false },
      { sql: 'CREATE TABLE fills (order_id bigint); CREATE INDEX fills_order ON fills (order_id)' },
      {
        sql: 'CREATE MATERIALIZED VIEW daily_volume AS SELECT 1 AS day; CREATE UNIQUE INDEX volume_day ON daily_volume (day)',
      },
      { sql: 'CREATE INDEX fills_order ON ONLY fills (order_id)' },
    ],
  },
};

function advice(
  { table, name, columns }: SchemaActionOf<'createIndex'>,
  { known, statement, migration }: RuleActionContext,
): string {
  if (known.table(table)?.partitioned) {
    const index = quoteName(name ?? `${[table.name, ...columns].join('_')}_idx`);
    return `CREATE INDEX ${index} ON ONLY ${spellTable(table)} (${spellColumns(columns)}); then for each partition, outside a transaction: CREATE INDEX CONCURRENTLY … ON <partition> (${spellColumns(columns)}); ALTER INDEX ${index} ATTACH PARTITION …`;
  }
  const safe =
    rewritten(statement, /^(CREATE\s+(?:UNIQUE\s+)?INDEX)\b/i, '$1 CONCURRENTLY') ??
    `CREATE INDEX CONCURRENTLY ${name === undefined ? '' : `${quoteName(name)} `}ON ${spellTable(table)} (${spellColumns(columns)})`;
  const call = /\.sql$/i.test(migration.file) ? '' : ' With addIndex: { concurrently: true }.';
  return `${outside(migration)} ${safe};${call}`;
}
