import { each, POSTGRES, type Rule } from '../rule.ts';

export const renameSchema: Rule = {
  id: 'rename-schema',
  topic: 'compatibility',
  title: 'A schema is renamed.',
  why: 'Every query of running versions of the application that names the schema, or has it in its search_path, fails from this moment. A search_path that names a schema which is not there gives no error: tables are looked for in the next one.',
  dialects: POSTGRES,
  severity: 'error',
  check: each('renameSchema', ({ name, to }) => ({
    message: `Renames schema ${name} to ${to}: running versions of the application look in ${name}.`,
    advice: `Make ${to} beside it, with a view for each table that is read: CREATE SCHEMA ${to}; CREATE VIEW ${to}.… AS SELECT * FROM ${name}.…; and move the tables once nobody names ${name}.`,
  })),
  examples: {
    bad: [{ sql: 'ALTER SCHEMA billing RENAME TO invoicing' }],
    good: [{ sql: 'CREATE SCHEMA invoicing' }, { sql: 'ALTER SCHEMA billing OWNER TO accounting' }],
  },
};
