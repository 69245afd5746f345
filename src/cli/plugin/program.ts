import { Command } from 'commander';
import { TOOL_VERSION } from '../../core/model/version.ts';
import type { CommandDefinition } from '../command.ts';
import { approve } from '../commands/approve.ts';
import { status } from '../commands/status.ts';
import type { Io } from '../io.ts';
import { addCommand } from '../program.ts';
import { logs } from './logs.ts';
import { plan } from './plan.ts';
import { report } from './report.ts';
import { restart } from './restart.ts';
import { tree } from './tree.ts';

/** `status` with a name shows the tree; without one it is the list of `db-manager status`. */
const statusOrTree: CommandDefinition = {
  ...status,
  summary: 'list the DatabaseMigrations, or show one with its plan, Jobs, pods and backups as a tree',
  examples: ['kubectl dbm status', 'kubectl dbm status orders -n shop', 'kubectl dbm status -A'],
  action: (options, io, command) =>
    'name' in options && options.name !== undefined && options.json !== true
      ? tree(options as Parameters<typeof tree>[0], io)
      : status.action(options, io, command),
};

const COMMANDS: readonly CommandDefinition[] = [
  statusOrTree,
  plan,
  { ...approve, examples: ['kubectl dbm approve orders -n shop'] },
  logs,
  report,
  restart,
];

/** The commands of `kubectl dbm`, without the options for databases. */
export function createPlugin(io: Io): Command {
  const program = new Command('kubectl dbm')
    .description('DatabaseMigrations in a cluster: status, plan, approval, logs, report and restart.')
    .version(TOOL_VERSION, '-V, --version')
    .showSuggestionAfterError()
    .exitOverride()
    .hook('preAction', (_, command) => {
      const { json, verbose } = command.optsWithGlobals<{ json?: boolean; verbose?: boolean }>();
      io.json = json === true;
      io.verbose ||= verbose === true;
    });
  for (const definition of COMMANDS) addCommand(program, definition, io);
  for (const command of program.commands) {
    command
      .helpGroup('Commands:')
      .option('--json', 'print one JSON document')
      .option('-v, --verbose', 'print the stack trace of an internal error')
      .showHelpAfterError(`(see kubectl dbm ${command.name()} --help)`);
  }
  return program;
}

/** The messages of shared commands name what to type: here as commands of the plugin, unless the output is a document. */
export function inPlugin(io: Io): Io {
  const own = Object.create(io) as Io;
  const forPlugin = (text: string) =>
    own.json ? text : text.replaceAll(/db-manager (?=(?:status|approve) )/g, 'kubectl dbm ');
  own.out = (text) => io.out(forPlugin(text));
  own.err = (text) => io.err(forPlugin(text));
  return own;
}
