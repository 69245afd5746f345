/** What a shell may complete, read from the definitions of the commands. `bash`, `zsh` and `fish` write it as scripts. */
import type { Command } from 'commander';

export interface CommandContext {
  /** `''` for the program, `migrate upgrade` for a command. */
  path: string;
  /** The commands that may follow, with their summaries. */
  commands: { name: string; about: string }[];
  options: CompletedOption[];
}

interface CompletedOption {
  /** `--target`, and `-f` if the option has a short form. */
  flags: string[];
  about: string;
  takesValue: boolean;
  /** The allowed values, if they are known. */
  choices: readonly string[];
}

/** A line of a script for each option that takes a value: `line` gets the position with the option, and its allowed values. */
export function valueLines(
  places: readonly CommandContext[],
  line: (at: string, choices: readonly string[]) => string,
): string[] {
  return places.flatMap(({ path, options }) =>
    options
      .filter(({ takesValue }) => takesValue)
      .flatMap(({ flags, choices }) => flags.map((flag) => line(`${path} ${flag}`, choices))),
  );
}

/** Every position that can be completed, the program first. */
export function placesOf(command: Command, path = ''): CommandContext[] {
  const commands = command.commands.map((one) => ({ name: one.name(), about: one.summary() || one.description() }));
  const options = command.options.map(({ long, short, description, required, optional, argChoices }) => ({
    flags: [long, short].flatMap((flag) => flag ?? []),
    about: description,
    takesValue: required || optional,
    choices: argChoices ?? [],
  }));
  const help = { flags: ['--help', '-h'], about: 'display help with examples', takesValue: false, choices: [] };
  const below = command.commands.flatMap((one) => placesOf(one, path === '' ? one.name() : `${path} ${one.name()}`));
  return [{ path, commands, options: [...options, help] }, ...below];
}
