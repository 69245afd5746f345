#!/usr/bin/env node
import { createIo } from './io.ts';
/**
 * The command line: the only composition root. It parses flags, opens what the engine needs, and prints.
 * Commands are loaded when they are called, so that `migrate current` pays for nothing else.
 */
import { exitCodeOf, printError } from './output/errors.ts';
import { createProgram } from './program.ts';

const io = createIo(process);
try {
  await createProgram(io).parseAsync(process.argv);
} catch (error) {
  await printError(io, error);
  process.exitCode = exitCodeOf(error);
}
