import { Command } from 'commander';
import type { Options } from '../library/settings.ts';
import type { Io } from './io.ts';
import { commaSeparated } from './options.ts';

export interface Globals extends Options {
  json?: boolean;
  verbose?: boolean;
}

/** What commander gives for the global options. */
interface Given extends Omit<Globals, 'backups'> {
  backups?: string;
  recipients?: string[];
  identity?: string;
  historySchema?: string;
  historyTable?: string;
}

/** Options that can be given before or after any command. */
export function addGlobals(program: Command): void {
  program
    .option('--database-url <url>', 'database URL (or set DATABASE_URL, or DB_PATH for a SQLite file)')
    .option('--migrations <folder>', 'folder of migrations (default: ./migrations)')
    .option('--include <glob>', 'read only these files of that folder; may be repeated', repeated)
    .option('--exclude <glob>', 'leave out these files of that folder; may be repeated', repeated)
    .option('--history-schema <name>', 'PostgreSQL: schema of the history table (default: the first schema)')
    .option('--history-table <name>', 'name of the history table (default: db_manager_history)')
    .option('--models <path>', 'Sequelize models (default: ./models if it exists)')
    .option('--backups <place>', 'folder or s3://bucket/prefix of backups (default: ./data/backups)')
    .option('--recipients <keys>', 'age recipients that encrypt backups, separated by commas', commaSeparated)
    .option('--identity <file>', 'age identity that reads encrypted backups')
    .option('--config <file>', 'configuration (default: db-manager.config.{ts,js,json,yaml} here)')
    .option('--json', 'print one JSON document')
    .option('-v, --verbose', 'print more detail; print the stack trace of an internal error');
}

const repeated = (glob: string, before: string[] = []) => [...before, glob];

/** Allows the global options after the command as well: `db-manager backup --json`. */
export function allowGlobalsEverywhere(program: Command): void {
  for (const command of program.commands) {
    allowGlobalsEverywhere(command);
    for (const option of globalOptions())
      if (!command.options.some(({ long }) => long === option.long)) command.addOption(option);
  }
}

function globalOptions() {
  const carrier = new Command();
  addGlobals(carrier);
  return carrier.options.map((option) => option.hideHelp());
}

/** The global options of a command, its own before those of the program. */
export function globalsOf(command: Command, io: Io): Globals {
  const {
    databaseUrl,
    migrations,
    include,
    exclude,
    historySchema,
    historyTable,
    models,
    backups,
    config,
    json,
    verbose,
    ...given
  } = command.optsWithGlobals<Given>();
  const { recipients, identity } = given;
  const history = { schema: historySchema, table: historyTable };
  return {
    databaseUrl,
    migrations,
    ...(include === undefined ? {} : { include }),
    ...(exclude === undefined ? {} : { exclude }),
    ...(historySchema === undefined && historyTable === undefined ? {} : { history }),
    models,
    backups:
      recipients === undefined && identity === undefined
        ? backups
        : { folder: backups, recipients, identityFile: identity },
    config,
    json,
    verbose,
    env: io.env,
    signal: io.signal,
    onNotice: (sentence) => io.err(sentence),
    onMessage: json === true ? undefined : (message) => io.err(message),
  };
}
