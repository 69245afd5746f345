import type { Command } from 'commander';
import type { Globals } from './globals.ts';
import type { Io } from './io.ts';

/** The groups of the program's help, in the order in which a new user needs them. */
export const GROUPS = [
  'From a model to a migration:',
  'Production:',
  'Backups:',
  'Repair and import:',
  'Clusters:',
  'This tool:',
] as const;

/**
 * The whole definition of a command: its name, its options and its action. One file in `commands/` defines one command.
 */
export interface CommandDefinition<Options extends object = object> {
  /** As it is typed: `backup`, or `migrate upgrade` for a command below another. */
  name: string;
  group: (typeof GROUPS)[number];
  /** One line without a full stop, for the list of commands. */
  summary: string;
  /** Sentences that follow the summary at the top of the command's help. */
  description?: string;
  /** Calls for the end of the help. A test checks that their options exist. */
  examples: readonly [string, ...string[]];
  /** Adds the arguments and options. */
  configure?(command: Command, io: Io): void;
  /**
   * Gets the options and the arguments by name (`<file>` is `options.file`), the global options included. Imports what it
   * needs when it is called, so that the help and the other commands do not load it.
   */
  action(options: Options & Globals, io: Io, command: Command): Promise<void>;
}

/** A word that has commands below it: `migrate`. */
export type CommandFamily = Pick<CommandDefinition, 'name' | 'group' | 'summary'>;

/** Checks a definition against the type of its options, and gives it without that type, for the list. */
export function defineCommand<Options extends object>(definition: CommandDefinition<Options>): CommandDefinition {
  return definition as CommandDefinition;
}
