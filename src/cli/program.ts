import { Command } from 'commander';
import { maskPasswords } from '../core/model/masking.ts';
import { TOOL_VERSION } from '../core/model/version.ts';
import type { CommandDefinition } from './command.ts';
import { COMMANDS, FAMILIES } from './commands/index.ts';
import { addGlobals, allowGlobalsEverywhere, globalsOf } from './globals.ts';
import { arrangeHelp } from './help.ts';
import type { Io } from './io.ts';

/** With all commands, or those of `commandsFor`. Each action imports what it needs when it is called. */
export function createProgram(io: Io, commands: readonly CommandDefinition[] = COMMANDS): Command {
  const program = new Command('db-manager')
    .description('Safe database migrations: check, back up, rehearse on a restored copy, apply, verify.')
    .version(TOOL_VERSION, '-V, --version')
    .showSuggestionAfterError()
    .exitOverride()
    // It repeats the value of an option that it refuses, and a URL may have been typed there.
    .configureOutput({ outputError: (text, write) => write(maskPasswords(text)) })
    .hook('preAction', (_, command) => {
      const globals = globalsOf(command, io);
      io.verbose ||= globals.verbose === true;
      io.json = globals.json === true;
      io.migrations = async () => (await (await import('../library/settings.ts')).resolvePaths(globals)).migrations;
    });
  addGlobals(program);
  for (const definition of commands) addCommand(program, definition, io);
  allowGlobalsEverywhere(program);
  arrangeHelp(program);
  return program;
}

/**
 * The command that the arguments begin with and those that share its first word, because creating all commands with
 * their options takes a tenth of the time of a short command. All commands if the first argument is another word or an
 * option.
 */
export function commandsFor(argv: readonly string[]): readonly CommandDefinition[] {
  const [, , first = '', second = ''] = argv;
  // It prints the names of all commands.
  if (first === 'completion') return COMMANDS;
  const named = (name: string) => COMMANDS.filter((one) => one.name === name);
  const below = named(`${first} ${second}`);
  if (below.length > 0) return [...named(first), ...below];
  const itself = named(first);
  return itself.length > 0 ? [...itself, ...COMMANDS.filter(({ name }) => name.startsWith(`${first} `))] : COMMANDS;
}

/** Adds one command, and the family that it is below. */
export function addCommand(program: Command, definition: CommandDefinition, io: Io): void {
  const words = definition.name.split(' ');
  const parent = words.length === 1 ? program : familyOf(program, words[0] ?? '');
  const command = parent.command(words.at(-1) ?? '').summary(definition.summary);
  if (parent === program) command.helpGroup(definition.group);
  if (definition.description !== undefined) command.description(definition.description);
  definition.configure?.(command, io);
  command.addHelpText('after', `\nExamples:\n${definition.examples.map((one) => `  ${one}`).join('\n')}`);
  command.action(() =>
    definition.action({ ...globalsOf(command, io), ...argumentsOf(command), ...command.opts() }, io, command),
  );
}

/** The command that others are below: created with the first of them. */
function familyOf(program: Command, name: string): Command {
  const existing = program.commands.find((command) => command.name() === name);
  if (existing !== undefined) return existing;
  const family = FAMILIES.find((one) => one.name === name);
  if (family === undefined) throw new Error(`commands/index.ts lists no family ${name}`);
  return program.command(name).summary(family.summary).helpGroup(family.group);
}

/** The arguments by name: `{ file: 'latest' }`. */
function argumentsOf(command: Command): Record<string, unknown> {
  return Object.fromEntries(
    command.registeredArguments.map((argument, at) => [argument.name(), command.processedArgs[at]]),
  );
}
