import type { Command } from 'commander';
import type { Io } from './io.ts';
import { exitCodeOf, interruptedOr, printError } from './output/errors.ts';
import { commandsFor, createProgram } from './program.ts';

/** Runs one command: prints its error, and sets its exit code. Never rejects. */
export async function runProgram(
  io: Io,
  argv: readonly string[],
  create: (io: Io) => Command = (given) => createProgram(given, commandsFor(argv)),
): Promise<void> {
  try {
    await create(io).parseAsync(argv);
  } catch (thrown) {
    const error = interruptedOr(io.signal, thrown);
    await printError(io, error);
    io.setExitCode(exitCodeOf(error));
  }
}
