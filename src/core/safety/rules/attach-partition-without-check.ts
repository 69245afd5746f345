import { tableName } from '../action.ts';
import { quoteName, spellTable } from '../quoting.ts';
import { onAction, POSTGRES, type Rule } from '../rule.ts';

export const attachPartitionWithoutCheck: Rule = {
  id: 'attach-partition-without-check',
  topic: 'locks',
  title: 'A table with rows is attached as a partition without a CHECK on its bounds.',
  why: 'PostgreSQL scans the table under an ACCESS EXCLUSIVE lock to verify that every row belongs in the partition. A validated CHECK constraint with the same bounds avoids the scan, and can be added and validated without blocking reads or writes. A default partition is scanned in the same way unless a CHECK on it excludes the bounds.',
  dialects: POSTGRES,
  severity: 'warning',
  check: onAction('attachPartition', ({ table, partition }, { isNew, known }) => {
    const checked = known
      .table(partition)
      ?.constraints.some(({ constraint, valid }) => constraint === 'check' && valid);
    if (isNew(partition) || checked) return undefined;
    const name = quoteName(`${partition.name}_bounds`);
    const alter = `ALTER TABLE ${spellTable(partition)}`;
    return {
      message: `Scans every row of ${tableName(partition)} before it becomes a partition of ${tableName(table)}: all reads and writes are blocked until it finishes.`,
      advice: `In the migration before: ${alter} ADD CONSTRAINT ${name} CHECK (<the bounds, and that the key is not null>) NOT VALID; then ${alter} VALIDATE CONSTRAINT ${name}; drop the check once it is attached.`,
    };
  }),
  examples: {
    bad: [
      { sql: "ALTER TABLE candles ATTACH PARTITION candles_2023 FOR VALUES FROM ('2023-01-01') TO ('2024-01-01')" },
      {
        given:
          "CREATE TABLE candles_2023 (at date); ALTER TABLE candles_2023 ADD CONSTRAINT b CHECK (at < '2024-01-01') NOT VALID",
        sql: "ALTER TABLE candles ATTACH PARTITION candles_2023 FOR VALUES FROM ('2023-01-01') TO ('2024-01-01')",
      },
    ],
    good: [
      {
        given: "CREATE TABLE candles_2023 (at date NOT NULL CHECK (at >= '2023-01-01' AND at < '2024-01-01'))",
        sql: "ALTER TABLE candles ATTACH PARTITION candles_2023 FOR VALUES FROM ('2023-01-01') TO ('2024-01-01')",
      },
      {
        sql: `CREATE TABLE candles_2025 (LIKE candles INCLUDING ALL);
              ALTER TABLE candles ATTACH PARTITION candles_2025 FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')`,
      },
    ],
  },
};
