import { createIo } from '../io.ts';
import { exitCodeOf, printError } from '../output/errors.ts';
import { runProgram } from '../program-run.ts';
import { createPlugin, inPlugin } from './program.ts';

const io = inPlugin(createIo(process));
process.on('uncaughtException', async (error: NodeJS.ErrnoException) => {
  // The reader of the output has closed the pipe: `kubectl dbm logs orders | head`.
  if (error.code === 'EPIPE' && error.syscall === 'write') process.exit(0);
  await printError(io, error);
  process.exit(exitCodeOf(error));
});
await runProgram(io, process.argv.slice(0, 2).concat(process.argv.slice(2).flatMap(asKubectl)), createPlugin);

/** kubectl also reads `-n=shop` and `-A=true`. */
function asKubectl(argument: string): string[] {
  if (argument.startsWith('-n=')) return ['-n', argument.slice(3)];
  return argument === '-A=true' || argument === '--all-namespaces=true' ? ['-A'] : [argument];
}
