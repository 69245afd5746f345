/** What a shell may complete, read from the commands themselves. `bash`, `zsh` and `fish` write it in their language. */
import type { Command } from 'commander';

export interface Place {
  /** `''` for the program, `migrate upgrade` for a command. */
  path: string;
  /** What may follow: commands, with what they do. */
  commands: { name: string; about: string }[];
  options: CompletedOption[];
}

export interface CompletedOption {
  /** `--target`, and `-f` where there is a short one. */
  flags: string[];
  about: string;
  takesValue: boolean;
  /** The values that it takes, where they are known. */
  choices: readonly string[];
}

/** Every place where a person may press Tab, the program first. */
export function placesOf(command: Command, path = ''): Place[] {
  const commands = command.commands.map((one) => ({ name: one.name(), about: one.summary() || one.description() }));
  const options = command.options.map(({ long, short, description, required, optional, argChoices }) => ({
    flags: [long, short].flatMap((flag) => flag ?? []),
    about: description,
    takesValue: required || optional,
    choices: argChoices ?? [],
  }));
  const help = { flags: ['--help', '-h'], about: 'what it does, with examples', takesValue: false, choices: [] };
  const below = command.commands.flatMap((one) => placesOf(one, path === '' ? one.name() : `${path} ${one.name()}`));
  return [{ path, commands, options: [...options, help] }, ...below];
}
