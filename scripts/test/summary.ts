import { availableParallelism } from 'node:os';
import type { FileResult, TestResult } from './protocol.ts';

const SLOWEST = 30;

/** Prints the slowest tests and files, the failures, and the line that CI reads. True where nothing failed. */
export function printSummary(
  results: readonly FileResult[],
  closing: readonly string[],
  run: { jobs: number; seconds: number; cpuSeconds: number },
): boolean {
  const tests = results.flatMap((result) => result.tests.map((test) => ({ ...test, file: result.file })));
  const count = (state: TestResult['state']) => tests.filter((test) => test.state === state).length;
  const failed = tests.filter((test) => test.state === 'failed');

  if (results.length > 1) {
    print('\nThe slowest tests:');
    for (const { ms, title, file } of tests.toSorted((a, b) => b.ms - a.ms).slice(0, SLOWEST)) {
      print(`${seconds(ms / 1000)}  ${title.replaceAll(/\s+/g, ' ').slice(0, 120)}  (${file})`);
    }
    print('\nThe slowest files (in brackets: CPU time of the processes that have ended; then the heap of the worker):');
    for (const result of results.toSorted((a, b) => b.seconds - a.seconds).slice(0, 15)) {
      printFile(result);
    }
  }
  if (failed.length > 0) print('\nWhat failed:');
  failed.forEach(({ title, file, error }, index) => {
    print(`\n  ${index + 1}) ${title}\n     ${file}\n${indent(error ?? '')}`);
  });
  for (const error of closing) print(`\nWhat the tests share did not stop cleanly:\n${indent(error)}`);

  const cpu = run.cpuSeconds.toFixed(0);
  const share = Math.round((100 * run.cpuSeconds) / (run.seconds * availableParallelism()));
  print(
    `\n${results.length} files in ${run.seconds.toFixed(0)} s with ${run.jobs} processes, ${cpu} s of CPU time (${share} % of the machine)`,
  );
  const failures = failed.length + closing.length;
  print(`${count('passed')} passed, ${failures} failed, ${count('skipped')} skipped`);
  return failures === 0 && count('passed') > 0;
}

function seconds(value: number): string {
  return `${value.toFixed(1).padStart(7)} s`;
}

/** A line for each file as it ends: which one a run stopped at, and what each costs. */
export function printFile(result: FileResult | undefined): void {
  if (result === undefined) return;
  const heap = `${Math.round(result.heapBytes / 2 ** 20)} MiB`.padStart(9);
  print(`${seconds(result.seconds)} (${seconds(result.cpuSeconds)}) ${heap}  ${result.file}`);
}

function indent(text: string): string {
  return text.replace(/^/gm, '     ');
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
