import type { Command } from 'commander';

/** Groups of commands in the program's help, in the order in which a new user needs them. A command without a group fails a test. */
export const GROUPS: Record<string, readonly string[]> = {
  'From a model to a migration:': ['init', 'generate', 'migrate', 'validate', 'lint', 'schema'],
  'Production:': ['safety-check', 'safe-migrate', 'wait', 'run'],
  'Backups:': ['backup', 'list-backups', 'verify-backup', 'restore', 'prune'],
  'Repair and import:': ['repair', 'adopt', 'baseline', 'create-tables', 'drop-tables'],
  'Clusters:': ['apply', 'status', 'approve', 'operator', 'runner', 'sidecar'],
  'This tool:': ['config', 'completion', 'help'],
};

/** Groups the commands, adds the description to the help of each, and refers to the global options. */
export function arrangeHelp(program: Command): void {
  for (const [heading, names] of Object.entries(GROUPS))
    for (const command of program.commands.filter((one) => names.includes(one.name()))) command.helpGroup(heading);
  program.helpCommand('help [command]', 'display help for a command');
  const headings = Object.keys(GROUPS);
  const order = Object.values(GROUPS).flat();
  const place = (command: Command) => order.indexOf(command.name());
  program.configureHelp({
    // Only the program has groups of commands; commander lists them in the order of registration.
    groupItems: (_, shown, groupOf) => {
      const at = (heading: string) => headings.indexOf(heading);
      return new Map([...Map.groupBy(shown, groupOf)].sort(([a], [b]) => at(a) - at(b)));
    },
    visibleCommands: (command) => [...command.commands].sort((a, b) => place(a) - place(b)),
  });
  describeEach(program, 'db-manager');
}

function describeEach(parent: Command, path: string): void {
  for (const command of parent.commands) {
    const full = `${path} ${command.name()}`;
    if (command.description() === '') command.description(sentence(command.summary()));
    command.showHelpAfterError(`(see ${full} --help)`);
    if (command.commands.length === 0)
      command.addHelpText('after', 'Global options such as --database-url, --json and -v: db-manager --help');
    describeEach(command, full);
  }
}

function sentence(text: string): string {
  return text === '' ? '' : `${text[0]?.toUpperCase()}${text.slice(1)}.`;
}
