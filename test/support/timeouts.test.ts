import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import Mocha from 'mocha';
import { applyTimeouts, DEFAULT_MS, timeoutOf } from './timeouts.ts';

describe('the time that a test may take', () => {
  it('is 10 seconds by default, so that a test that hangs fails soon', function () {
    const { timeout } = JSON.parse(readFileSync('.mocharc.json', 'utf8'));
    assert.deepEqual([timeout, DEFAULT_MS], [10_000, 10_000]);
    assert.equal(this.test?.timeout(), 10_000, 'this file starts no program');
  });

  for (const [file, seconds] of [
    ['test/core/reconcile/window.test.ts', 10],
    ['test/docs.test.ts', 10],
    ['test/cli/migrate.test.ts', 120],
    ['test/hostile/logs.test.ts', 120],
    ['test/cluster/operator.test.ts', 180],
    ['test/faults/backup-kill.test.ts', 180],
  ] as const) {
    it(`is ${seconds} s in ${file}`, () => assert.equal(timeoutOf(resolve(file)), seconds * 1000));
  }

  it('is that of the file for each test and hook, at any depth, that sets none', () => {
    const outer = new Mocha.Suite('outer');
    outer.timeout(DEFAULT_MS);
    const inner = Mocha.Suite.create(outer, 'inner');
    const file = resolve('test/cluster/operator.test.ts');
    const test = (ms?: number) => {
      const made = Object.assign(new Mocha.Test('test', () => {}), { file });
      inner.addTest(made);
      if (ms !== undefined) made.timeout(ms);
      return made;
    };
    const tests = [test(), test(500)];
    inner.beforeAll(() => {});
    const [hook] = (inner as unknown as { getHooks(kind: string): Mocha.Hook[] }).getHooks('beforeAll');
    assert.ok(hook);
    Object.assign(hook, { file });
    applyTimeouts(outer);
    assert.deepEqual(
      [...tests, hook].map((each) => each.timeout()),
      [180_000, 500, 180_000],
    );
  });
});
