/**
 * The command line: the only composition root. It parses flags, creates what the engine needs, and prints.
 * Each command is loaded when it is called, so that `migrate current` loads nothing else.
 */
import { notAsAuthor } from '../author/context.ts';
import { authorsWereImported, problemOfAuthor, SentAfterItsEnd } from '../author/exit.ts';
import { blameMigration } from '../author/run.ts';
import { createIo } from './io.ts';
import { exitCodeOf, printError } from './output/errors.ts';
import { runProgram } from './program-run.ts';

/** How long work of an imported file may delay the end of the process, in milliseconds. */
const LINGERS = 1_000;

const io = createIo(process);
/** The first query of code after the end of its migration. The run itself looks for these and reports the migration. */
let sentAfterItsEnd: SentAfterItsEnd | undefined;
let runs = true;
process.on('uncaughtException', async (error: NodeJS.ErrnoException) => {
  // The reader of the output has closed the pipe: `db-manager migrate history | head`.
  const end = (code: number) => notAsAuthor(() => process.exit(code));
  if (error.code === 'EPIPE' && error.syscall === 'write') end(0);
  if (blameMigration(error)) return;
  if (error instanceof SentAfterItsEnd && runs) {
    sentAfterItsEnd ??= error;
    return;
  }
  const thrown = problemOfAuthor(error) ?? error;
  await printError(io, thrown);
  end(exitCodeOf(thrown));
});
await runProgram(io, process.argv);
runs = false;
if (sentAfterItsEnd !== undefined && !process.exitCode) await fail(sentAfterItsEnd);
endWithoutAuthors();

/** The document of `--json` has been printed, so this is for the reader. */
async function fail(error: SentAfterItsEnd): Promise<void> {
  await printError({ ...io, json: false }, error);
  io.setExitCode(exitCodeOf(error));
}

/** A server or a timer that an imported file has started would keep the command from ending. */
function endWithoutAuthors(): void {
  if (!authorsWereImported()) return;
  setTimeout(() => {
    io.err(
      'Note: a file of the migrations or models started work that is still running. The command does not wait for it.',
    );
    process.exit();
  }, LINGERS).unref();
}
