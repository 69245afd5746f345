/** The process that host.ts starts: each message is a command, and the answer is what it printed and its exit code. */
import { pathToFileURL } from 'node:url';
import { divideOutput } from '../../src/author/output.ts';
import { createIo } from '../../src/cli/io.ts';
import { runProgram } from '../../src/cli/program-run.ts';
import type { HostedCommand, HostedResult } from './host.ts';

const printed = { out: '', err: '' };
process.stdout.write = into('out');
process.stderr.write = into('err');
divideOutput();
/** `runner` and `task` mask what the process writes from then on, and hold back a line without an end. */
const { write: out } = process.stdout;
const { write: err } = process.stderr;

process.on('message', async ({ cwd, env, args, module }: HostedCommand) => {
  printed.out = '';
  printed.err = '';
  process.stdout.write = out;
  process.stderr.write = err;
  process.chdir(cwd);
  for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  process.exitCode = undefined;
  const listeners = new Map(['SIGINT', 'SIGTERM'].map((name) => [name, new Set(process.listeners(name as 'SIGINT'))]));
  const io = createIo(process);
  if (module === undefined) await runProgram(io, [process.execPath, 'db-manager', ...args]);
  else await print(module);
  for (const [name, before] of listeners) {
    for (const listener of process.listeners(name as 'SIGINT')) if (!before.has(listener)) process.off(name, listener);
  }
  const result: HostedResult = { code: Number(process.exitCode ?? 0), ...printed };
  process.exitCode = undefined;
  process.send?.(result);
});
process.once('disconnect', () => process.exit(0));

async function print(module: string): Promise<void> {
  try {
    const { default: value } = (await import(pathToFileURL(module).href)) as { default?: unknown };
    process.stdout.write(JSON.stringify(value ?? null));
  } catch (error) {
    process.exitCode = 1;
    process.stderr.write(String(error));
  }
}

function into(stream: keyof typeof printed): typeof process.stdout.write {
  return ((data: string | Uint8Array, encoding?: unknown, done?: unknown) => {
    printed[stream] += typeof data === 'string' ? data : Buffer.from(data).toString();
    const callback = typeof encoding === 'function' ? encoding : done;
    if (typeof callback === 'function') callback();
    return true;
  }) as typeof process.stdout.write;
}
