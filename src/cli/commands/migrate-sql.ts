import type { MigrationSql } from '../../library/sql.ts';
import { defineCommand } from '../command.ts';
import { rehearsalServerOption } from '../options.ts';
import { print } from '../output/print.ts';

/** The SQL that would run, for review or for a person with more privileges. Writes no history. */
export const migrateSql = defineCommand<{ range?: string }>({
  name: 'migrate sql',
  group: 'From a model to a migration:',
  summary: 'print the SQL that would run',
  examples: ['db-manager migrate sql', 'db-manager migrate sql base:head', 'db-manager migrate sql 20240601:base'],
  configure: (command) =>
    command
      .argument(
        '[from:to]',
        'base, head, revisions or their unique prefixes; a reversed range reverts (default: pending migrations)',
      )
      .addOption(rehearsalServerOption()),
  async action(options, io, { args: [range] }) {
    const { migrateSql } = await import('../../library/sql.ts');
    print(io, options, await migrateSql({ ...options, range }), (migrations) =>
      migrations.length === 0 ? '-- nothing to run' : migrations.map(render).join('\n\n'),
    );
  },
});

function render({ revision, direction, transaction, source, statements }: MigrationSql): string {
  const recorded = ['-- recorded on an empty database: statements that depend on existing rows are missing'];
  const body = statements.map((statement) => `${statement.trim()};`);
  return [
    `-- ${revision} (${direction})`,
    ...(source === 'recorded' ? recorded : []),
    ...(transaction ? ['BEGIN;', ...body, 'COMMIT;'] : ['-- runs outside a transaction', ...body]),
  ].join('\n');
}
