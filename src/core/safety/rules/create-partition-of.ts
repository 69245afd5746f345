import { tableName } from '../action.ts';
import { rewritten, spellTable } from '../quoting.ts';
import { onAction, POSTGRES, type Rule } from '../rule.ts';

export const createPartitionOf: Rule = {
  id: 'create-partition-of',
  topic: 'locks',
  title: 'A partition is created with CREATE TABLE … PARTITION OF.',
  why: 'It takes an ACCESS EXCLUSIVE lock on the parent. While it waits for one long query on any partition, all reads and writes of all partitions queue behind it. Creating a standalone table and attaching it takes a lock that does not block reads or writes.',
  dialects: POSTGRES,
  severity: 'warning',
  since: 120000,
  check: onAction('createTable', ({ table, partitionOf }, { isNew, statement }) => {
    if (partitionOf === undefined || isNew(partitionOf)) return undefined;
    const bounds = rewritten(statement, /^[\s\S]*?\b(FOR\s+VALUES\s[\s\S]+|DEFAULT)$/i, '$1') ?? 'FOR VALUES …';
    const [parent, name] = [spellTable(partitionOf), spellTable(table)];
    return {
      message: `Creates ${tableName(table)} under an ACCESS EXCLUSIVE lock on ${tableName(partitionOf)}.`,
      advice: `CREATE TABLE ${name} (LIKE ${parent} INCLUDING DEFAULTS INCLUDING CONSTRAINTS); ALTER TABLE ${parent} ATTACH PARTITION ${name} ${bounds};`,
    };
  }),
  examples: {
    bad: [
      { sql: "CREATE TABLE candles_2025 PARTITION OF candles FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')" },
      { sql: 'CREATE TABLE candles_rest PARTITION OF candles DEFAULT' },
    ],
    good: [
      {
        sql: `CREATE TABLE candles_2025 (LIKE candles INCLUDING DEFAULTS INCLUDING CONSTRAINTS);
              ALTER TABLE candles ATTACH PARTITION candles_2025 FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')`,
      },
      {
        sql: 'CREATE TABLE ticks (at date) PARTITION BY RANGE (at); CREATE TABLE ticks_rest PARTITION OF ticks DEFAULT',
      },
    ],
  },
};
