import { execFileSync } from 'node:child_process';
import type { Command } from './measure.ts';

export interface Usage {
  /** Processor time of the process and those that it waited for, in seconds. */
  cpu: number;
  seconds: number;
  /** The largest peak of memory of one of these processes. */
  mib: number;
}

/** Node does not tell the processor time of a child. */
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
export function usageOf({ file, args, env, cwd }: Command): Usage {
  const text = execFileSync('python3', ['-c', WAIT, file, ...args], {
    env: { ...process.env, ...env },
    cwd,
    encoding: 'utf8',
  });
  const { code, errors, ...usage } = JSON.parse(text) as Usage & { code: number; errors: string };
  if (code !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${code}: ${errors}`);
  return usage;
}

/** The commands take turns. The first line is ours: 1.00 is its time, and a larger number is slower. */
export async function compare(
  title: string,
  commands: Record<string, (() => Promise<Command>) | undefined>,
  rounds: number,
): Promise<void> {
  const found = new Map<string, Usage[]>();
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, command] of Object.entries(commands)) {
      if (command !== undefined) found.set(name, [...(found.get(name) ?? []), usageOf(await command())]);
    }
  }
  console.log(`\n${title}: processor time, median (smallest to largest); wall time; peak memory`);
  let ours: number | undefined;
  for (const name of Object.keys(commands)) {
    const all = found.get(name)?.toSorted((a, b) => a.cpu - b.cpu);
    const middle = all?.[all.length >> 1];
    if (all === undefined || middle === undefined) {
      console.log(`  ${name.padEnd(30)} not measured`);
      continue;
    }
    ours ??= middle.cpu;
    const range = `${all[0]?.cpu.toFixed(2)} to ${all.at(-1)?.cpu.toFixed(2)}`;
    const memory = Math.round(Math.max(...all.map(({ mib }) => mib)));
    console.log(
      `  ${name.padEnd(30)} ${middle.cpu.toFixed(2)} s (${range})  ${middle.seconds.toFixed(2)} s  ${memory} MiB  ${(middle.cpu / ours).toFixed(2)}×`,
    );
  }
}
