import { type MigrationSql, migrateSql } from '../../library/sql.ts';
import type { Globals } from '../globals.ts';
import type { Io } from '../io.ts';
import { print } from '../output/print.ts';

/** `migrate sql [from:to]`: the SQL that would run, for review or for a person with more privileges. Writes no history. */
export async function sql(options: Globals & { range?: string }, io: Io): Promise<void> {
  print(io, options, await migrateSql(options), (migrations) =>
    migrations.length === 0 ? '-- nothing to run' : migrations.map(render).join('\n\n'),
  );
}

function render({ revision, direction, transaction, source, statements }: MigrationSql): string {
  const recorded = ['-- recorded on an empty database: statements that depend on existing rows are missing'];
  const body = statements.map((statement) => `${statement.trim()};`);
  return [
    `-- ${revision} (${direction})`,
    ...(source === 'recorded' ? recorded : []),
    ...(transaction ? ['BEGIN;', ...body, 'COMMIT;'] : ['-- runs outside a transaction', ...body]),
  ].join('\n');
}
