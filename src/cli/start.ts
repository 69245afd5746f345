import { blameMigration } from '../author/run.ts';
import { createIo } from './io.ts';
/**
 * The command line: the only composition root. It parses flags, creates what the engine needs, and prints.
 * Each command is loaded when it is called, so that `migrate current` loads nothing else.
 */
import { exitCodeOf, interruptedOr, printError } from './output/errors.ts';
import { createProgram } from './program.ts';

const io = createIo(process);
process.on('uncaughtException', async (error: NodeJS.ErrnoException) => {
  // The reader of the output has closed the pipe: `db-manager migrate history | head`.
  if (error.code === 'EPIPE' && error.syscall === 'write') process.exit(0);
  if (blameMigration(error)) return;
  await printError(io, error);
  process.exit(exitCodeOf(error));
});
try {
  await createProgram(io).parseAsync(process.argv);
} catch (thrown) {
  const error = interruptedOr(io.signal, thrown);
  await printError(io, error);
  process.exitCode = exitCodeOf(error);
}
