import type { Command } from 'commander';
import { GROUPS } from './command.ts';

/** Sorts the groups of commands, adds the description to the help of each, and refers to the global options. */
export function arrangeHelp(program: Command): void {
  program.helpCommand('help [command]', 'display help for a command');
  program.configureHelp({
    // Only the program has groups of commands; commander lists them in the order of their names.
    groupItems: (_, shown, groupOf) => {
      const at = (heading: string) => GROUPS.indexOf(heading as (typeof GROUPS)[number]);
      return new Map([...Map.groupBy(shown, groupOf)].sort(([a], [b]) => at(a) - at(b)));
    },
    visibleCommands: (command) => [...command.commands],
  });
  describeEach(program, 'db-manager');
}

function describeEach(parent: Command, path: string): void {
  for (const command of parent.commands) {
    const full = `${path} ${command.name()}`;
    const summary = sentence(command.summary());
    if (!command.description().startsWith(summary))
      command.description([summary, command.description()].filter(Boolean).join(' '));
    command.showHelpAfterError(`(see ${full} --help)`);
    command.addHelpText('after', '\nGlobal options such as --database-url, --json and -v: db-manager --help');
    describeEach(command, full);
  }
}

function sentence(text: string): string {
  return text === '' ? '' : `${text[0]?.toUpperCase()}${text.slice(1)}.`;
}
