import type { Command } from 'commander';
import { globalsOf } from '../globals.ts';
import type { Io } from '../io.ts';

/** `migrate …`: plain apply and revert, and where the database stands. */
export function registerMigrate(program: Command, io: Io): void {
  const migrate = program.command('migrate').summary('apply, revert, and say where the database stands');
  const commands = () => import('../commands/migrate.ts');

  migrate
    .command('upgrade')
    .argument('[target]', 'head, a revision or its start, +N', 'head')
    .option('--single-transaction', 'all migrations in one transaction')
    .option('--create', 'create a missing PostgreSQL database')
    .summary('apply what is pending, locked and atomic')
    .action(async (target, options, command: Command) =>
      (await commands()).upgrade({ ...globalsOf(command, io), ...options, target }, io),
    );
  migrate
    .command('downgrade')
    .argument('<target>', 'base, a revision or its start, -N (write it after --)')
    .option('--single-transaction', 'all migrations in one transaction')
    .allowUnknownOption()
    .summary('revert to a revision, locked and atomic')
    .action(async (target, options, command: Command) =>
      (await commands()).downgrade({ ...globalsOf(command, io), ...options, target }, io),
    );
  migrate
    .command('current')
    .summary('the current revision; exit 3 when something is pending')
    .action(async (_, command: Command) =>
      (await import('../commands/current.ts')).current(globalsOf(command, io), io),
    );
  migrate
    .command('history')
    .summary('all revisions with their state')
    .action(async (_, command: Command) => (await commands()).history(globalsOf(command, io), io));
  migrate
    .command('stamp')
    .argument('<target>', 'head, base or a revision')
    .summary('mark as applied without running')
    .action(async (target, _, command: Command) => (await commands()).stamp({ ...globalsOf(command, io), target }, io));
  migrate
    .command('sql')
    .argument('[from:to]', 'base, head, revisions or their starts; backwards reverts (default: what is pending)')
    .summary('print the SQL that would run')
    .action(async (range, _, command: Command) =>
      (await import('../commands/sql.ts')).sql({ ...globalsOf(command, io), range }, io),
    );
  migrate
    .command('check')
    .summary('exit 3 when models and migrations differ')
    .action(async (_, command: Command) => (await commands()).check(globalsOf(command, io), io));

  program
    .command('repair')
    .summary('mend the history after an interrupted, edited or missing migration')
    .option('--accept-checksums', 'take edited files as they are now', false)
    .option('--remove-missing', 'forget applied migrations whose file is gone', false)
    .option('--interrupted <state>', 'an interrupted migration is in the database (applied) or not (notApplied)')
    .action(async (options, command: Command) =>
      (await commands()).repair({ ...globalsOf(command, io), ...options }, io),
    );
  program
    .command('adopt')
    .summary("take over another tool's history without running anything")
    .requiredOption('--from <tool>', 'sequelize, alembic, flyway, golang-migrate, dbmate, goose or knex')
    .option('--versions <folder>', "Alembic's scripts, whose down_revision says the order")
    .action(async (options, command: Command) =>
      (await commands()).adopt({ ...globalsOf(command, io), ...options }, io),
    );
  program
    .command('baseline')
    .summary('keep the schema as it is now as the start of every replay')
    .description(
      'For a database that did not begin empty, or whose old migrations cannot be run any more. Writes one table of its own, db_manager_baseline.',
    )
    .option('--forget', 'remove the baseline: a replay starts from an empty database again', false)
    .action(async (options, command: Command) =>
      (await import('../commands/baseline.ts')).baseline({ ...globalsOf(command, io), ...options }, io),
    );
}
