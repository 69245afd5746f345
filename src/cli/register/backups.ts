import { type Command, Option } from 'commander';
import { globalsOf } from '../globals.ts';
import type { Io } from '../io.ts';
import { wholeNumber } from './cluster.ts';

/** Backups, restore, validation and the safe run. */
export function registerBackups(program: Command, io: Io): void {
  const commands = () => import('../commands/backups.ts');
  program
    .command('backup')
    .summary('take a backup and verify that it is complete')
    .option('--name <name>', 'instead of backup_YYYYMMDD_HHMMSS')
    .option('--schemas <names>', 'PostgreSQL: only these schemas, separated by commas', (text: string) =>
      text.split(','),
    )
    .action(async (options, command: Command) =>
      (await commands()).backup({ ...globalsOf(command, io), ...options }, io),
    );
  program
    .command('list-backups')
    .summary('list complete backups, newest first')
    .action(async (_, command: Command) => (await commands()).listBackups(globalsOf(command, io), io));
  program
    .command('verify-backup')
    .argument('<file>', 'name, unique prefix of a name, path, or latest')
    .summary('read a backup again and verify its hash')
    .action(async (file, _, command: Command) =>
      (await commands()).verifyBackup({ ...globalsOf(command, io), file }, io),
    );
  program
    .command('restore')
    .argument('<file>', 'name, unique prefix of a name, path, or latest')
    .option('--force', 'do not ask')
    .option('--into <url>', 'restore into a different database than the one of the backup')
    .option('--terminate-sessions', 'terminate other sessions of the target')
    .summary('replace the content of the database with a backup, after a safety backup')
    .action(async (file, options, command: Command) =>
      (await commands()).restore({ ...globalsOf(command, io), ...options, file }, io),
    );
  program
    .command('prune')
    .summary('delete old backups of this database')
    .option('--keep-last <n>', 'keep at least this many backups (default: backups.retain.last, 10)', wholeNumber)
    .option(
      '--keep-days <n>',
      'keep backups younger than this number of days (default: backups.retain.days, 30)',
      wholeNumber,
    )
    .option('--dry-run', 'list the backups to delete, but keep them')
    .action(async (options, command: Command) =>
      (await commands()).prune({ ...globalsOf(command, io), ...options }, io),
    );

  const safe = () => import('../commands/safe.ts');
  program
    .command('safe-migrate')
    .summary('run all steps: check, back up, rehearse, apply, verify')
    .option('--target <target>', 'head, a revision or its unique prefix, +N, -N', 'head')
    .option('--dry-run', 'run all steps without writing to the database')
    .option('--create', 'create a missing PostgreSQL database')
    .option('--no-backup', 'take no backup; the rehearsal then runs on the schema only')
    .addOption(
      new Option('--rehearsal <mode>', 'copy on which the plan runs first (default: safety.rehearsal, auto)').choices([
        'auto',
        'full',
        'schema',
        'disabled',
      ]),
    )
    .addOption(
      new Option(
        '--rehearsal-server <where>',
        'server of the copy of a PostgreSQL database: a private one, or the same one (default: safety.rehearsalServer, auto)',
      ).choices(['auto', 'private', 'same-server']),
    )
    .option('--backup-name <name>', 'instead of backup_YYYYMMDD_HHMMSS')
    .option('--allow-downgrade', 'allow a target older than the current revision')
    .option(
      '--approve <digest>',
      'run this plan despite its findings; the message that refused the plan contains the digest',
    )
    .action(async (options, command: Command) =>
      (await safe()).safeMigrateCommand({ ...globalsOf(command, io), ...options }, io),
    );
  program
    .command('safety-check')
    .summary('check the database, the backup folder, the history and the pending migrations, without writing')
    .action(async (_, command: Command) => (await safe()).safetyCheck(globalsOf(command, io), io));
  program
    .command('validate')
    .summary('compare the schema with the models, or with a replay of the migrations')
    .action(async (_, command: Command) => (await safe()).validate(globalsOf(command, io), io));
}
