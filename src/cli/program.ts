import { Command } from 'commander';
import { TOOL_VERSION } from '../core/model/version.ts';
import type { Io } from './io.ts';

/** All commands. Each action imports its command when it is called. */
export function createProgram(io: Io): Command {
  const program = new Command('db-manager')
    .description('Safe database migrations: check, back up, rehearse on a restored copy, apply, verify.')
    .version(TOOL_VERSION, '-V, --version')
    .showSuggestionAfterError()
    .exitOverride();

  program
    .command('run')
    .summary('run a DatabaseMigration here, without a cluster')
    .description('Does locally what the Job in a cluster does and prints the status that the resource would get.')
    .requiredOption('-f, --filename <file>', 'manifest of a DatabaseMigration, YAML or JSON')
    .option('--database-url <url>', 'stands for spec.database.urlFrom (or the environment variable DATABASE_URL)')
    .option('--volume <claim=folder>', 'folder that stands for a PersistentVolumeClaim; repeatable', collect, [])
    .option('--migrations <folder>', 'folder that stands for spec.migrations')
    .option('--models <folder>', 'folder that stands for spec.models')
    .option('--json', 'print one JSON document: the resource with its status')
    .action(async (options) => (await import('./commands/run.ts')).runManifest(options, io));

  program
    .command('runner')
    .summary('the process inside a run pod')
    .description('Reads a run request from the environment, runs it and prints one JSON line an event.')
    .action(async () => (await import('./commands/runner.ts')).runRunner(io));

  return program;
}

function collect(value: string, before: string[]): string[] {
  return [...before, value];
}
