import { onAction, POSTGRES, type Rule } from '../rule.ts';

export const renameSchema: Rule = {
  id: 'rename-schema',
  topic: 'compatibility',
  title: 'A schema is renamed.',
  why: 'Every query of a running version of the application that names the schema, or has it in its search_path, fails. A search_path with a missing schema gives no error: tables are looked up in the next schema.',
  dialects: POSTGRES,
  severity: 'error',
  check: onAction('renameSchema', ({ name, to }) => ({
    message: `Renames schema ${name} to ${to}: running versions of the application use ${name}.`,
    advice: `Create ${to} as a second schema, with a view for each table that is read: CREATE SCHEMA ${to}; CREATE VIEW ${to}.… AS SELECT * FROM ${name}.…; and move the tables once ${name} is no longer used.`,
  })),
  examples: {
    bad: [{ sql: 'ALTER SCHEMA billing RENAME TO invoicing' }],
    good: [{ sql: 'CREATE SCHEMA invoicing' }, { sql: 'ALTER SCHEMA billing OWNER TO accounting' }],
  },
};
