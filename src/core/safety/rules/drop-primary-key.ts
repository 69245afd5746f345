import { tableName } from '../action.ts';
import { onTableInUse, POSTGRES, type Rule } from '../rule.ts';
import { comesBack, isOfKind } from '../rule-helpers.ts';

export const dropPrimaryKey: Rule = {
  id: 'drop-primary-key',
  topic: 'data',
  title: 'A primary key is dropped.',
  why: 'The table then accepts duplicates, ON CONFLICT fails because the index is gone, and logical replication refuses UPDATE and DELETE on the table. Add the new key in the same transaction.',
  dialects: POSTGRES,
  severity: 'warning',
  check: onTableInUse('dropConstraint', ({ table, name }, place) => {
    if (!isOfKind('primary key', table, name, place, BY_NAME) || comesBack('primary key', table, place))
      return undefined;
    return {
      message: `Drops the primary key ${name} of ${tableName(table)} without adding a new one.`,
      advice: `Build the index of the new key first, then replace the key in one statement: ALTER TABLE ${tableName(table)} DROP CONSTRAINT ${name}, ADD CONSTRAINT ${name} PRIMARY KEY USING INDEX …`,
    };
  }),
  examples: {
    bad: [
      { sql: 'ALTER TABLE fills DROP CONSTRAINT fills_pkey' },
      {
        given: 'CREATE TABLE fills (id bigint CONSTRAINT one_fill PRIMARY KEY)',
        sql: 'ALTER TABLE fills DROP CONSTRAINT one_fill',
      },
    ],
    good: [
      {
        sql: `ALTER TABLE fills DROP CONSTRAINT fills_pkey,
                ADD CONSTRAINT fills_pkey PRIMARY KEY USING INDEX fills_new_pkey`,
      },
      { sql: 'ALTER TABLE fills DROP CONSTRAINT fills_quantity_check' },
    ],
  },
};

const BY_NAME = /_pkey\d*$/;
