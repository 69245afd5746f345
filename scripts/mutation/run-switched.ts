/**
 * Runs tests on all changes of some source files, in one process: `node run-switched.ts SOURCE=FIRST... -- TEST...`, where
 * FIRST is the number of the file's first change. Sends `ready`, receives the numbers to try, and sends an answer for each:
 * `killed`, `survived`, or `alone` where the change has to be loaded by a process of its own, as with a constant.
 */
import { readFileSync } from 'node:fs';
import { registerHooks, stripTypeScriptTypes } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import Mocha from 'mocha';
import { endWhenStuck } from './end-when-stuck.ts';
import { endWithParent } from './end-with-parent.ts';
import { mutantsOf, switchable } from './mutants.ts';

export interface Answer {
  number: number;
  outcome: 'killed' | 'survived' | 'not loaded' | 'alone';
}

endWithParent();
const progress = endWhenStuck();
const given = process.argv.slice(2);
const split = given.indexOf('--');
const firstOf = new Map(
  given.slice(0, split).map((each) => {
    const [path = '', first] = each.split('=');
    return [pathToFileURL(resolve(path)).href, { path, first: Number(first) }] as const;
  }),
);
const loadedAlone = new Set<number>();
const loaded = new Set<number>();
registerHooks({
  load(url, context, next) {
    const file = firstOf.get(url);
    if (file === undefined) return next(url, context);
    const text = readFileSync(file.path, 'utf8');
    const mutants = mutantsOf(file.path, text);
    for (const [index, { alone }] of mutants.entries()) {
      loaded.add(file.first + index);
      if (alone) loadedAlone.add(file.first + index);
    }
    const source = stripTypeScriptTypes(switchable(text, mutants, file.first));
    return { format: 'module', source, shortCircuit: true };
  },
});

let active = -1;
/** Who reached each change: a test, or for all tests the loading and the hooks. */
const reachedBy = new Map<number, Set<Mocha.Test>>();
const reachedByAll = new Set<number>();
let recording = true;
let test: Mocha.Test | undefined;
/** Calls of `changeIs` in a run, and how many a run may have: a loop that does not end calls it again and again. */
let [calls, most] = [0, Number.POSITIVE_INFINITY];
Object.assign(globalThis, {
  changeIs(number: number): boolean {
    calls += 1;
    if (calls > most) throw new Error('a loop does not end');
    if (recording) {
      if (test === undefined) reachedByAll.add(number);
      else reachedBy.set(number, (reachedBy.get(number) ?? new Set()).add(test));
    }
    return number === active;
  },
});

class Quiet extends Mocha.reporters.Base {
  override epilogue(): void {}
}
const mocha = new Mocha({ bail: true, timeout: 120_000, reporter: Quiet });
mocha.cleanReferencesAfterRun(false);
mocha.suite.beforeEach(function () {
  test = this.currentTest;
});
mocha.suite.afterEach(() => {
  test = undefined;
});
for (const path of given.slice(split + 1)) mocha.addFile(resolve(path));
await mocha.loadFilesAsync();
const whileLoading = new Set(reachedByAll);
const suites: { suite: Mocha.Suite; tests: Mocha.Test[] }[] = [];
const collect = (suite: Mocha.Suite): void => {
  suites.push({ suite, tests: suite.tests });
  suite.suites.forEach(collect);
};
collect(mocha.suite);

/** The first test that fails with this change, of these. */
function run(number: number, tests?: ReadonlySet<Mocha.Test>): Promise<Mocha.Test | undefined> {
  for (const { suite, tests: all } of suites) suite.tests = all.filter((each) => tests?.has(each) ?? true);
  active = number;
  calls = 0;
  return new Promise((done) => {
    let failed: Mocha.Test | undefined;
    mocha
      .run(() => done(failed))
      .on('fail', (each: Mocha.Test) => {
        failed ??= each;
      });
  });
}

async function outcomeOf(number: number): Promise<Answer['outcome']> {
  if (!loaded.has(number)) return 'not loaded';
  if (loadedAlone.has(number) || whileLoading.has(number)) return 'alone';
  const tests = reachedByAll.has(number) ? undefined : reachedBy.get(number);
  if (tests === undefined && !reachedByAll.has(number)) return 'survived';
  const failed = await run(number, tests);
  if (failed === undefined) return 'survived';
  // The test has to pass again without the change; otherwise an earlier change left something behind.
  return (await run(-1, new Set([failed]))) === undefined ? 'killed' : 'alone';
}

progress();
const unchanged = await run(-1);
if (unchanged !== undefined) throw new Error(`without a change fails: ${unchanged.fullTitle()}`);
recording = false;
most = 10 * calls + 1_000_000;
process.once('message', async (numbers: number[]) => {
  for (const number of numbers) {
    progress();
    process.send?.({ number, outcome: await outcomeOf(number) } satisfies Answer);
  }
  process.disconnect();
});
process.send?.('ready');
