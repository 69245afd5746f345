import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { refuseSkips } from '../../scripts/test/skips.ts';
import { temporaryFolder } from './lifetime.ts';
import { runCommand } from './processes.ts';

const skipped = (file: string, title: string) => ({
  file,
  seconds: 0,
  cpuSeconds: 0,
  heapBytes: 0,
  temporaryBytes: 0,
  tests: [{ title, state: 'skipped' as const, ms: 0 }],
});

describe('a skipped test', () => {
  it('is a failure on CI, but for those that the list has', () => {
    const results = [
      skipped('test/faults/backup-full-disk.test.ts', 'a full disk'),
      skipped('test/backups/encryption.test.ts', 'gives the numbers that squawk gives'),
      skipped('test/safety/squawk.test.ts', 'the pages about squawk gives the numbers that squawk gives'),
    ];
    const states = refuseSkips(results).map(({ tests }) => tests[0]?.state);
    assert.deepEqual(states, ['failed', 'failed', 'skipped']);
  });

  for (const [ci, code, last] of [
    ['true', 1, '1 passed, 1 failed, 0 skipped'],
    ['', 0, '1 passed, 0 failed, 1 skipped'],
  ] as const) {
    it(`ends npm test with ${code} where CI=${ci}`, async () => {
      const file = join(await temporaryFolder('skips'), 'one.test.ts');
      await writeFile(file, `it('passes', () => {});\nit('has no program', function () { this.skip(); });\n`);
      // Not as a worker of the run that this test belongs to.
      const { TEST_WORKER: _worker, TEST_WORKERS: _workers, ...env } = process.env;
      const ended = await runCommand(process.execPath, ['scripts/test.ts', '-g', 'p', relative('.', file)], {
        env: { ...env, CI: ci },
      });
      assert.equal(ended.code, code, ended.stderr);
      assert.equal(ended.stdout.trim().split('\n').at(-1), last);
    });
  }
});
