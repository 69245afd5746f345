/**
 * Loaded into a runner before its own code: kills it some milliseconds after it prints a line. The process kills itself,
 * because on a busy machine another one would notice the line when the run is long over.
 */
import { AsyncResource } from 'node:async_hooks';

/** `KILL_WHEN_PRINTED` is the line and `KILL_AFTER_MS` the milliseconds. */
const { KILL_WHEN_PRINTED: line, KILL_AFTER_MS: ms = '0' } = process.env;
const outside = new AsyncResource('kill');
const write = process.stderr.write;
if (line !== undefined) {
  process.stderr.write = function killing(this: typeof process.stderr, ...args: Parameters<typeof write>) {
    const text = String(args[0]);
    // Outside of the migration that prints: the run would wait for a timer of the migration.
    if (text.split('\n').includes(line)) {
      outside.runInAsyncScope(() => setTimeout(() => process.kill(process.pid, 'SIGKILL'), Number(ms)));
    }
    return write.apply(this, args);
  } as typeof write;
}
