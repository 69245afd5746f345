import { onAction, type Rule, SQLITE } from '../rule.ts';

export const writableSchema: Rule = {
  id: 'writable-schema',
  topic: 'sqlite',
  title: 'The schema table of SQLite is opened for writing.',
  why: 'A mistake there makes the file unreadable, and SQLite detects it only when the file is next opened. A rebuild of the table makes the same change safely.',
  dialects: SQLITE,
  severity: 'error',
  check: onAction('pragma', ({ name, value }) =>
    name === 'writable_schema' && value !== undefined && !/^(?:0|off|false|no|reset)$/i.test(value)
      ? {
          message: 'Allows statements to write to sqlite_schema: a mistake makes the database unreadable.',
          advice:
            'Rebuild the table instead: queryInterface.changeColumn, removeColumn or addConstraint in a .ts migration.',
        }
      : undefined,
  ),
  examples: {
    bad: [{ sql: 'PRAGMA writable_schema = ON' }, { sql: 'PRAGMA main.writable_schema(1)' }],
    good: [{ sql: 'PRAGMA writable_schema = OFF' }, { sql: 'PRAGMA user_version = 3' }],
  },
};
