import type { Command } from 'commander';
import { globalsOf } from '../globals.ts';
import type { Io } from '../io.ts';

/** `migrate …`: apply and revert without backup or rehearsal, and the current revision. */
export function registerMigrate(program: Command, io: Io): void {
  const migrate = program.command('migrate').summary('apply and revert migrations, and show the current revision');
  const commands = () => import('../commands/migrate.ts');

  migrate
    .command('upgrade')
    .argument('[target]', 'head, a revision or its unique prefix, +N', 'head')
    .option('--single-transaction', 'run all migrations in one transaction')
    .option('--create', 'create a missing PostgreSQL database')
    .summary('apply pending migrations atomically, under the migration lock')
    .action(async (target, options, command: Command) =>
      (await commands()).upgrade({ ...globalsOf(command, io), ...options, target }, io),
    );
  migrate
    .command('downgrade')
    .argument('<target>', 'base, a revision or its unique prefix, -N (write it after --)')
    .option('--single-transaction', 'run all migrations in one transaction')
    .allowUnknownOption()
    .summary('revert to a revision atomically, under the migration lock')
    .action(async (target, options, command: Command) =>
      (await commands()).downgrade({ ...globalsOf(command, io), ...options, target }, io),
    );
  migrate
    .command('current')
    .summary('show the current revision; exit 3 if migrations are pending')
    .action(async (_, command: Command) =>
      (await import('../commands/current.ts')).current(globalsOf(command, io), io),
    );
  migrate
    .command('history')
    .summary('list all revisions with their state')
    .action(async (_, command: Command) => (await commands()).history(globalsOf(command, io), io));
  migrate
    .command('stamp')
    .argument('<target>', 'head, base or a revision')
    .summary('mark migrations as applied without running them')
    .action(async (target, _, command: Command) => (await commands()).stamp({ ...globalsOf(command, io), target }, io));
  migrate
    .command('sql')
    .argument(
      '[from:to]',
      'base, head, revisions or their unique prefixes; a reversed range reverts (default: pending migrations)',
    )
    .summary('print the SQL that would run')
    .action(async (range, _, command: Command) =>
      (await import('../commands/sql.ts')).sql({ ...globalsOf(command, io), range }, io),
    );
  migrate
    .command('check')
    .summary('compare models and migrations; exit 3 if they differ')
    .action(async (_, command: Command) => (await commands()).check(globalsOf(command, io), io));

  program
    .command('repair')
    .summary('repair the history after an interrupted, edited or missing migration')
    .option('--accept-checksums', 'accept edited files with their current content', false)
    .option('--remove-missing', 'remove applied migrations from the history if their file is missing', false)
    .option('--interrupted <state>', 'whether an interrupted migration is in the database: applied or notApplied')
    .action(async (options, command: Command) =>
      (await commands()).repair({ ...globalsOf(command, io), ...options }, io),
    );
  program
    .command('adopt')
    .summary('import the history of another tool without running migrations')
    .requiredOption('--from <tool>', 'sequelize, alembic, flyway, golang-migrate, dbmate, goose or knex')
    .option('--versions <folder>', "folder of Alembic's scripts, whose down_revision defines the order")
    .action(async (options, command: Command) =>
      (await commands()).adopt({ ...globalsOf(command, io), ...options }, io),
    );
  program
    .command('baseline')
    .summary('record the current schema as the start of every replay')
    .description(
      'For a database that existed before its first migration, or whose old migrations can no longer run. Writes only its own table db_manager_baseline.',
    )
    .option('--forget', 'remove the baseline, so that a replay starts from an empty database', false)
    .action(async (options, command: Command) =>
      (await import('../commands/baseline.ts')).baseline({ ...globalsOf(command, io), ...options }, io),
    );
}
