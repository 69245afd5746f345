import { createAllTables, dropAllTables, initDatabase } from '../../library/tables.ts';
import type { Globals } from '../globals.ts';
import type { Io } from '../io.ts';
import { confirm } from '../output/confirm.ts';
import { print } from '../output/print.ts';

/** `init [--no-tables] [--migrate]` */
export async function init(options: Globals & { tables: boolean; migrate?: boolean }, io: Io): Promise<void> {
  const { tables, migrate, ...rest } = options;
  const done = await initDatabase({ ...rest, tables: tables ? (migrate === true ? 'Migrate' : 'Models') : 'None' });
  print(io, options, done, ({ database, tables: made, revision, notes }) =>
    [
      `${database} exists${made.length > 0 ? `, with ${made.join(', ')}` : ''}; it is at ${revision}.`,
      ...notes.map((note) => `  ${note}`),
    ].join('\n'),
  );
}

/** `create-tables` */
export async function createTables(options: Globals, io: Io): Promise<void> {
  print(io, options, await createAllTables(options), ({ tables }) =>
    tables.length === 0 ? 'All tables of the models already exist.' : `created ${tables.join(', ')}`,
  );
}

/** `drop-tables [--force]` */
export async function dropTables({ force, ...options }: Globals & { force?: boolean }, io: Io): Promise<void> {
  await confirm(io, force === true, 'Drop all tables of the models and their rows?');
  print(io, options, await dropAllTables(options), ({ tables }) =>
    tables.length === 0
      ? 'There was nothing to drop.'
      : `dropped ${tables.join(', ')}\nThe history is unchanged. To record that no migration is applied: db-manager migrate stamp base`,
  );
}
