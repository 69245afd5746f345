import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface Command {
  file: string;
  args: string[];
  env?: Record<string, string>;
  cwd?: string;
}

/** Wall time of a command in seconds. Throws with its output if it fails: a failed tool must not count as slow. */
export async function secondsOf({ file, args, env, cwd }: Command): Promise<number> {
  const began = performance.now();
  const child = spawn(file, args, { env: { ...process.env, ...env }, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (data) => (output = `${output}${data}`.slice(-2_000)));
  child.stderr.on('data', (data) => (output = `${output}${data}`.slice(-2_000)));
  const [code] = (await once(child, 'close')) as [number];
  if (code !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${code}: ${output}`);
  return (performance.now() - began) / 1000;
}

/** Runs `once` for a few rounds and takes the middle one: machines have bad moments. */
export async function median(rounds: number, once: () => Promise<number>): Promise<number> {
  const seconds: number[] = [];
  for (let round = 0; round < rounds; round += 1) seconds.push(await once());
  return middle(seconds);
}

export function middle(seconds: readonly number[]): number {
  return seconds.toSorted((a, b) => a - b)[Math.floor(seconds.length / 2)] ?? Number.NaN;
}

export interface Result {
  name: string;
  seconds: number | undefined;
}

/** A table in which ours is 1.0: larger numbers are slower than ours. */
export function printRatios(title: string, ours: Result, others: Result[]): void {
  console.log(`\n${title}`);
  for (const { name, seconds } of [ours, ...others]) {
    const ratio =
      seconds === undefined
        ? 'not measured'
        : `${((seconds ?? Number.NaN) / (ours.seconds ?? Number.NaN)).toFixed(2)}×`;
    console.log(`  ${name.padEnd(28)} ${seconds === undefined ? '' : `${seconds.toFixed(2)} s`.padStart(9)}  ${ratio}`);
  }
}
