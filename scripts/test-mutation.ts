/**
 * Changes the code, one small change at a time, and expects a test to fail: `npm run test:mutation [-- AREA...]`.
 * Prints the score and every change that no test noticed. docs/contributing/mutation.md judges them.
 *
 *   --sample N   one change in N, chosen by place, the same in each run (default 1: all)
 *   --jobs N     so many at once
 */
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Mutant, mutantsOf } from './mutation/mutants.ts';
import type { Answer } from './mutation/run-switched.ts';

/** Pure code, with the tests that have to notice. */
const AREAS: Record<string, { sources: string[]; tests: string[] }> = {
  planning: { sources: ['src/core/planning/**/*.ts'], tests: ['test/core/planning/*.test.ts'] },
  reconcile: {
    sources: ['src/core/reconcile/*.ts'],
    tests: ['test/core/reconcile/*.test.ts', 'test/operator/{job,notify}.test.ts'],
  },
  checksums: { sources: ['src/migrations/checksum.ts'], tests: ['test/migrations/checksum.test.ts'] },
  retention: {
    sources: ['src/backups/prune.ts', 'src/backups/names.ts'],
    tests: ['test/backups/{retention,names}.test.ts'],
  },
};
const ENVIRONMENT = { ...process.env, NODE_COMPILE_CACHE: join('.cache', 'compile') };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { sample: { type: 'string', default: '1' }, jobs: { type: 'string' } },
});
const sample = Number(values.sample);
const folder = mkdtempSync(join(tmpdir(), 'db-manager-mutation-'));
const unknown = positionals.find((name) => AREAS[name] === undefined);
if (unknown !== undefined) throw new Error(`"${unknown}" is not one of ${Object.keys(AREAS).join(', ')}`);

interface Task {
  /** Counted over all files of the area. */
  number: number;
  area: string;
  source: string;
  /** Of the first change of this file. */
  first: number;
  tests: string[];
  mutant: Mutant;
}
type Outcome = 'killed' | 'survived' | 'not loaded';

const tasks: Task[] = Object.entries(AREAS)
  .filter(([area]) => positionals.length === 0 || positionals.includes(area))
  .flatMap(([area, { sources, tests }]) => {
    let first = 0;
    return filesOf(sources).flatMap((source) => {
      const mutants = mutantsOf(source, readFileSync(source, 'utf8'));
      const of = { area, source, first, tests: filesOf(tests) };
      first += mutants.length;
      return mutants.map((mutant, index) => ({ ...of, number: of.first + index, mutant }));
    });
  })
  .filter((_task, index) => index % sample === 0);

const outcomes: { task: Task; outcome: Outcome }[] = [];
const jobs = Number(values.jobs ?? availableParallelism());
try {
  const alone: Task[] = [];
  for (const area of Map.groupBy(tasks, (task) => task.area).values()) {
    const parts = Array.from({ length: jobs }, (_, part) => area.filter((_task, index) => index % jobs === part));
    await Promise.all(parts.map((part) => runSwitched(part, alone)));
  }
  const waiting = alone.values();
  await Promise.all(
    Array.from({ length: jobs }, async (_, worker) => {
      for (const task of waiting) ended(task, await run(task, worker));
    }),
  );
} finally {
  rmSync(folder, { recursive: true });
}

for (const area of new Set(tasks.map((task) => task.area))) {
  const of = outcomes.filter(({ task }) => task.area === area);
  const killed = of.filter(({ outcome }) => outcome === 'killed').length;
  console.log(`${area}: ${killed} of ${of.length} changes noticed, ${((100 * killed) / of.length).toFixed(1)} %`);
}
const left = outcomes.filter(({ outcome }) => outcome !== 'killed');
const byPlace = left.sort(
  (a, b) => a.task.source.localeCompare(b.task.source) || a.task.mutant.line - b.task.mutant.line,
);
console.log('\nNoticed by no test:');
for (const { task, outcome } of byPlace) {
  const { line, from, to } = task.mutant;
  const clip = (text: string) => text.replaceAll(/\s+/g, ' ').slice(0, 70);
  console.log(
    `${task.source}:${line}  ${clip(from)}  ->  ${clip(to)}${outcome === 'survived' ? '' : `  (${outcome})`}`,
  );
}

function filesOf(patterns: string[]): string[] {
  return patterns.flatMap((pattern) => globSync(pattern).sort());
}

function ended(task: Task, outcome: Outcome): void {
  outcomes.push({ task, outcome });
  if (outcomes.length % 100 === 0) console.error(`${outcomes.length} of ${tasks.length}`);
}

/** All changes in one process that loads the tests once. Those that need a process of their own are put into `alone`. */
async function runSwitched(part: readonly Task[], alone: Task[]): Promise<void> {
  const left = [...part];
  const [some] = left;
  if (some === undefined) return;
  const firstOf = new Map(tasks.filter(({ area }) => area === some.area).map(({ source, first }) => [source, first]));
  const sources = [...firstOf].map(([source, first]) => `${source}=${first}`);
  while (left.length > 0) {
    const child = fork(join(import.meta.dirname, 'mutation/run-switched.ts'), [...sources, '--', ...some.tests], {
      env: ENVIRONMENT,
      execArgv: ['--disable-warning=ExperimentalWarning'],
    });
    let ready = false;
    child.on('message', (message: Answer | 'ready') => {
      if (message === 'ready') {
        ready = true;
        child.send(left.map(({ number }) => number));
        return;
      }
      const task = left.shift();
      if (task?.number !== message.number) throw new Error(`an answer to ${message.number} was not expected`);
      if (message.outcome === 'alone') alone.push(task);
      else ended(task, message.outcome);
    });
    const [, signal] = await once(child, 'close');
    if (!ready) throw new Error(`the tests of ${some.area} fail without a change`);
    const task = left.shift();
    if (task === undefined) return;
    // A loop that does not end; otherwise the change has ended the process.
    if (signal === 'SIGKILL') ended(task, 'killed');
    else alone.push(task);
  }
}

function run({ source, tests, mutant }: Task, worker: number): Promise<Outcome> {
  const changed = join(folder, `${worker}.ts`);
  writeFileSync(changed, mutant.text);
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'mutation/run-mutant.ts'), source, changed, ...tests],
    { stdio: 'ignore', env: ENVIRONMENT },
  );
  return new Promise((resolve) => {
    child.once('close', (code) => resolve(code === 0 ? 'survived' : code === 2 ? 'not loaded' : 'killed'));
  });
}
