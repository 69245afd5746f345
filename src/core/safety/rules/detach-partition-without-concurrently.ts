import { tableName } from '../action.ts';
import { outside, spellTable } from '../quoting.ts';
import { onTableInUse, POSTGRES, type Rule } from '../rule.ts';

export const detachPartitionWithoutConcurrently: Rule = {
  id: 'detach-partition-without-concurrently',
  topic: 'locks',
  title: 'A partition is detached without CONCURRENTLY.',
  why: 'It takes an ACCESS EXCLUSIVE lock on the parent. While it waits for one long query on any partition, all reads and writes of all partitions queue behind it. Since PostgreSQL 14, CONCURRENTLY waits without that lock; it is refused if there is a default partition.',
  dialects: POSTGRES,
  severity: 'warning',
  since: 140000,
  check: onTableInUse('detachPartition', ({ table, partition, concurrently }, { migration }) => {
    if (concurrently) return undefined;
    return {
      message: `Detaches ${tableName(partition)} under an ACCESS EXCLUSIVE lock on ${tableName(table)} and all its partitions.`,
      advice: `${outside(migration)} ALTER TABLE ${spellTable(table)} DETACH PARTITION ${spellTable(partition)} CONCURRENTLY;`,
    };
  }),
  examples: {
    bad: [{ sql: 'ALTER TABLE candles DETACH PARTITION candles_2023' }],
    good: [
      { sql: 'ALTER TABLE candles DETACH PARTITION candles_2023 CONCURRENTLY', transaction: false },
      { sql: 'ALTER TABLE candles DETACH PARTITION candles_2023', version: 130000 },
      {
        sql: `CREATE TABLE ticks (at date) PARTITION BY RANGE (at); CREATE TABLE ticks_old PARTITION OF ticks DEFAULT;
              ALTER TABLE ticks DETACH PARTITION ticks_old`,
      },
    ],
  },
};
