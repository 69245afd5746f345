import { BOTH, onMigration, type Rule } from '../rule.ts';

export const codeWithOwnImports: Rule = {
  id: 'code-with-own-imports',
  topic: 'style',
  title: 'Code that needs other files of the project.',
  why: 'The history keeps the text of an applied migration, so that an older version can revert it without its file. Code that imports other files, or reads files next to it, cannot run from its own text. Only the version that contains the file can then revert it.',
  dialects: BOTH,
  severity: 'notice',
  check: onMigration(({ migration: { direction, imports = [] } }) =>
    direction === 'up' && imports.length > 0
      ? [
          {
            message: `It uses ${imports.join(', ')}, so it cannot be reverted from the history alone.`,
            advice: 'Write the values into the migration, bundle it into one file, or write it as .sql.',
          },
        ]
      : [],
  ),
  examples: {
    bad: [
      { sql: 'CREATE TABLE a (id bigint)', imports: ['./names.ts'] },
      { sql: '', imports: ['import.meta.url', '#config'], dialect: 'sqlite' },
    ],
    good: [{ sql: 'CREATE TABLE a (id bigint)', imports: [] }],
  },
};
