import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Command, middle } from './measure.ts';
import type { Place } from './places.ts';

export interface Usage {
  /** Processor time of the process and those that it waited for, in seconds. */
  cpu: number;
  seconds: number;
  /** The largest peak of memory of one of these processes. */
  mib: number;
}

/** A command that is ready to run, and what is tidied up after it. `expected`: the exit codes that are no failure. */
export type Turn = Command & { expected?: readonly number[]; after?(): Promise<void> };

const { BENCH_DIST, BENCH_BEFORE } = process.env;
/** The built program; that of another folder with `BENCH_DIST`, and an older one too with `BENCH_BEFORE`. */
export const OURS = resolve(BENCH_DIST ?? 'dist', 'cli/main.js');
const BEFORE = BENCH_BEFORE === undefined ? undefined : resolve(BENCH_BEFORE, 'cli/main.js');

/** Node does not report the processor time of a child. */
const WAIT = `
import json, os, subprocess, sys, time
began = time.time()
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
errors = child.stderr.read()
_, status, usage = os.wait4(child.pid, 0)
print(json.dumps({"cpu": usage.ru_utime + usage.ru_stime, "seconds": time.time() - began, "mib": usage.ru_maxrss / 1024,
  "code": os.waitstatus_to_exitcode(status), "errors": errors.decode(errors="replace")[-2000:]}))
`;

/** Throws with the output of a command that fails. */
export function usageOf({ file, args, env, cwd, expected = [0] }: Turn): Usage {
  const text = execFileSync('python3', ['-c', WAIT, file, ...args], {
    env: { ...process.env, ...env },
    cwd,
    encoding: 'utf8',
  });
  const { code, errors, ...usage } = JSON.parse(text) as Usage & { code: number; errors: string };
  if (!expected.includes(code)) throw new Error(`${file} ${args.join(' ')} ended with ${code}: ${errors}`);
  return usage;
}

/** `BENCH_ROUNDS=1` for a quick look. */
const { BENCH_ROUNDS } = process.env;

type Commands = Record<string, (() => Promise<Turn>) | undefined>;

/** `make` gets the path of the program: the built one, and the older one if there is one. */
export function oursAndBefore(name: string, make: (main: string) => Promise<Turn>): Commands {
  const before = BEFORE !== undefined && existsSync(BEFORE) ? () => make(BEFORE) : undefined;
  return { [name]: () => make(OURS), ...(before === undefined ? {} : { [`${name}, before`]: before }) };
}

/**
 * The commands take turns. Prints a table for docs/reference/benchmarks.md, slower lines included. The first line is ours;
 * the ratio is the time of a line divided by ours in the same round, so a number below 1 is faster than ours.
 */
export async function compare(title: string, commands: Commands, wanted: number, place?: Place): Promise<void> {
  const rounds = BENCH_ROUNDS === undefined ? wanted : Number(BENCH_ROUNDS);
  const found = new Map<string, Usage[]>();
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, command] of Object.entries(commands)) {
      if (command !== undefined) found.set(name, [...(found.get(name) ?? []), await turn(await command(), place)]);
    }
  }
  const server = place?.dialect === 'postgres' ? ', with that of its sessions in the server' : '';
  console.log(`\n${title}. Processor time${server}; median (smallest to largest) of ${rounds}.\n`);
  console.log('| | processor time | wall time | memory | ratio of processor time | of wall time |');
  console.log('|---|---|---|---|---|---|');
  const [ours = []] = found.values();
  for (const name of Object.keys(commands)) console.log(line(name, found.get(name), ours));
}

async function turn(command: Turn, place: Place | undefined): Promise<Usage> {
  const before = (await place?.serverSeconds()) ?? 0;
  const usage = usageOf(command);
  const server = ((await place?.serverSeconds()) ?? 0) - before;
  await command.after?.();
  return { ...usage, cpu: usage.cpu + server };
}

function line(name: string, all: Usage[] | undefined, ours: readonly Usage[]): string {
  if (all === undefined) return `| ${name} | not measured | | | | |`;
  const of = (key: 'cpu' | 'seconds') => range(all.map((one) => one[key]));
  const ratio = (key: 'cpu' | 'seconds') =>
    all === ours ? '1' : range(all.map((one, round) => one[key] / (ours[round]?.[key] ?? Number.NaN)));
  const mib = Math.round(Math.max(...all.map((one) => one.mib)));
  return `| ${name} | ${of('cpu')} s | ${of('seconds')} s | ${mib} MiB | ${ratio('cpu')} | ${ratio('seconds')} |`;
}

function range(values: readonly number[]): string {
  const number = (value: number) => value.toFixed(value < 10 ? 2 : 1);
  const text = number(middle(values));
  return values.length < 2 ? text : `${text} (${number(Math.min(...values))} to ${number(Math.max(...values))})`;
}
