import { Command } from 'commander';
import { TOOL_VERSION } from '../core/model/version.ts';
import { addExamples } from './examples.ts';
import { addGlobals, allowGlobalsEverywhere, globalsOf } from './globals.ts';
import { arrangeHelp } from './help.ts';
import type { Io } from './io.ts';
import { registerBackups } from './register/backups.ts';
import { registerCluster } from './register/cluster.ts';
import { registerLint } from './register/lint.ts';
import { registerMigrate } from './register/migrate.ts';
import { registerRun } from './register/run.ts';

/** All commands. Each action imports its command when it is called. */
export function createProgram(io: Io): Command {
  const program = new Command('db-manager')
    .description('Safe database migrations: check, back up, rehearse on a restored copy, apply, verify.')
    .version(TOOL_VERSION, '-V, --version')
    .showSuggestionAfterError()
    .exitOverride()
    .hook('preAction', (_, command) => {
      const globals = globalsOf(command, io);
      io.verbose ||= globals.verbose === true;
      io.json = globals.json === true;
      io.migrations = async () => (await (await import('../library/settings.ts')).resolvePaths(globals)).migrations;
    });
  addGlobals(program);
  registerMigrate(program, io);
  registerBackups(program, io);
  registerLint(program, io);
  registerRun(program, io);
  registerCluster(program, io);
  allowGlobalsEverywhere(program);
  addExamples(program);
  arrangeHelp(program);
  return program;
}
