import { type Command, Option } from 'commander';
import { globalsOf } from '../globals.ts';
import type { Io } from '../io.ts';
import { wholeNumber } from './cluster.ts';

/** Backups, restore, validation and the safe run. */
export function registerBackups(program: Command, io: Io): void {
  const commands = () => import('../commands/backups.ts');
  program
    .command('backup')
    .summary('take a backup and prove that it is whole')
    .option('--name <name>', 'instead of backup_YYYYMMDD_HHMMSS')
    .option('--schemas <names>', 'PostgreSQL: only these schemas, separated by commas', (text: string) =>
      text.split(','),
    )
    .action(async (options, command: Command) =>
      (await commands()).backup({ ...globalsOf(command, io), ...options }, io),
    );
  program
    .command('list-backups')
    .summary('whole backups, newest first')
    .action(async (_, command: Command) => (await commands()).listBackups(globalsOf(command, io), io));
  program
    .command('verify-backup')
    .argument('<file>', 'name, the start of one, path, or latest')
    .summary('re-read and re-hash a backup')
    .action(async (file, _, command: Command) =>
      (await commands()).verifyBackup({ ...globalsOf(command, io), file }, io),
    );
  program
    .command('restore')
    .argument('<file>', 'name, the start of one, path, or latest')
    .option('--force', 'do not ask')
    .option('--into <url>', 'another database than the one the backup is of')
    .option('--terminate-sessions', 'end other sessions of the target')
    .summary("replace the database's content by a backup, after a safety backup")
    .action(async (file, options, command: Command) =>
      (await commands()).restore({ ...globalsOf(command, io), ...options, file }, io),
    );
  program
    .command('prune')
    .summary('remove old backups of this database')
    .option('--keep-last <n>', 'keep at least this many (default: backups.retain.last, 10)', wholeNumber)
    .option('--keep-days <n>', 'keep those younger than this (default: backups.retain.days, 30)', wholeNumber)
    .option('--dry-run', 'only say which')
    .action(async (options, command: Command) =>
      (await commands()).prune({ ...globalsOf(command, io), ...options }, io),
    );

  const safe = () => import('../commands/safe.ts');
  program
    .command('safe-migrate')
    .summary('the whole run: check, back up, rehearse, apply, verify')
    .option('--target <target>', 'head, a revision or its start, +N, -N', 'head')
    .option('--dry-run', 'do everything but write to the database')
    .option('--create', 'create a missing PostgreSQL database')
    .option('--no-backup', 'take no backup; the rehearsal is then on the schema only')
    .addOption(
      new Option('--rehearsal <mode>', 'on what the plan is tried first (default: safety.rehearsal, auto)').choices([
        'auto',
        'full',
        'schema',
        'disabled',
      ]),
    )
    .addOption(
      new Option(
        '--rehearsal-server <where>',
        'where the copy of a PostgreSQL database is: on a private server, or on its own (default: safety.rehearsalServer, auto)',
      ).choices(['auto', 'private', 'same-server']),
    )
    .option('--backup-name <name>', 'instead of backup_YYYYMMDD_HHMMSS')
    .option('--allow-downgrade', 'allow the target to lie behind')
    .option(
      '--approve <digest>',
      'run this plan although a safety rule objects; the message that refused it has the digest',
    )
    .action(async (options, command: Command) =>
      (await safe()).safeMigrateCommand({ ...globalsOf(command, io), ...options }, io),
    );
  program
    .command('safety-check')
    .summary('database, backup folder, history and what is pending, without writing')
    .action(async (_, command: Command) => (await safe()).safetyCheck(globalsOf(command, io), io));
  program
    .command('validate')
    .summary('compare the schema with the models, or with a replay of the migrations')
    .action(async (_, command: Command) => (await safe()).validate(globalsOf(command, io), io));
}
