/**
 * Changes the code, one small change at a time, and expects a test to fail: `npm run test:mutation [-- AREA...]`.
 * Prints the score and every change that no test noticed. docs/contributing/mutation.md judges them.
 *
 *   --sample N   one change in N, chosen by place, the same in each run (default 1: all)
 *   --jobs N     so many at once
 */
import { spawn } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Mutant, mutantsOf } from './mutation/mutants.ts';

/** Pure code, with the tests that have to notice. */
const AREAS: Record<string, { sources: string[]; tests: string[] }> = {
  planning: { sources: ['src/core/planning/**/*.ts'], tests: ['test/core/planning/*.test.ts'] },
  reconcile: { sources: ['src/core/reconcile/*.ts'], tests: ['test/core/reconcile/*.test.ts'] },
  checksums: { sources: ['src/migrations/checksum.ts'], tests: ['test/migrations/checksum.test.ts'] },
  retention: {
    sources: ['src/backups/prune.ts', 'src/backups/names.ts'],
    tests: ['test/backups/{retention,names}.test.ts'],
  },
};
const TIMEOUT_MS = 120_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { sample: { type: 'string', default: '1' }, jobs: { type: 'string' } },
});
const sample = Number(values.sample);
const folder = mkdtempSync(join(tmpdir(), 'db-manager-mutation-'));
const unknown = positionals.find((name) => AREAS[name] === undefined);
if (unknown !== undefined) throw new Error(`"${unknown}" is not one of ${Object.keys(AREAS).join(', ')}`);

interface Task {
  area: string;
  source: string;
  tests: string[];
  mutant: Mutant;
}
type Outcome = 'killed' | 'survived' | 'not loaded';

const tasks: Task[] = Object.entries(AREAS)
  .filter(([area]) => positionals.length === 0 || positionals.includes(area))
  .flatMap(([area, { sources, tests }]) =>
    sources
      .flatMap((pattern) => globSync(pattern).sort())
      .flatMap((source) =>
        mutantsOf(source, readFileSync(source, 'utf8')).map((mutant) => ({
          area,
          source,
          tests: tests.flatMap((pattern) => globSync(pattern).sort()),
          mutant,
        })),
      ),
  )
  .filter((_task, index) => index % sample === 0);

const outcomes: { task: Task; outcome: Outcome }[] = [];
try {
  const waiting = tasks.values();
  await Promise.all(
    Array.from({ length: Number(values.jobs ?? availableParallelism()) }, async (_, worker) => {
      for (const task of waiting) {
        outcomes.push({ task, outcome: await run(task, worker) });
        if (outcomes.length % 50 === 0) console.error(`${outcomes.length} of ${tasks.length}`);
      }
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

function run({ source, tests, mutant }: Task, worker: number): Promise<Outcome> {
  const changed = join(folder, `${worker}.ts`);
  writeFileSync(changed, mutant.text);
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'mutation/run-mutant.ts'), source, changed, ...tests],
    {
      stdio: 'ignore',
      timeout: TIMEOUT_MS,
      killSignal: 'SIGKILL',
      env: { ...process.env, NODE_COMPILE_CACHE: join('.cache', 'compile') },
    },
  );
  return new Promise((resolve) => {
    child.once('close', (code) => resolve(code === 0 ? 'survived' : code === 2 ? 'not loaded' : 'killed'));
  });
}
