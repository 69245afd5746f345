import { blameMigration } from '../author/run.ts';
import { createIo } from './io.ts';
/**
 * The command line: the only composition root. It parses flags, creates what the engine needs, and prints.
 * Each command is loaded when it is called, so that `migrate current` loads nothing else.
 */
import { exitCodeOf, printError } from './output/errors.ts';
import { runProgram } from './program-run.ts';

const io = createIo(process);
process.on('uncaughtException', async (error: NodeJS.ErrnoException) => {
  // The reader of the output has closed the pipe: `db-manager migrate history | head`.
  if (error.code === 'EPIPE' && error.syscall === 'write') process.exit(0);
  if (blameMigration(error)) return;
  await printError(io, error);
  process.exit(exitCodeOf(error));
});
await runProgram(io, process.argv);
