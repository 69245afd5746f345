import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const HASH = new URL('../../src/backups/hash.ts', import.meta.url).href;
/** Prints the most bytes of buffers, in MiB, while pieces of this size go through, 192 MiB in all. */
const program = (bytes: number) => `
  const { hashing } = await import('${HASH}');
  async function* pieces() { for (let at = 0; at < 192 * 1024 * 1024; at += ${bytes}) yield Buffer.alloc(${bytes}); }
  let most = 0;
  let seen = 0;
  for await (const _ of hashing().count(pieces())) {
    if (++seen % Math.ceil(1024 * 1024 / ${bytes}) === 0) most = Math.max(most, process.memoryUsage().arrayBuffers);
  }
  console.log(most / 1024 / 1024);`;

describe('the memory of a stream', () => {
  for (const [what, bytes] of Object.entries({
    'a pipe': 64 * 1024,
    'a file': 1024 * 1024,
    'large rows': 5 * 1024 * 1024,
  })) {
    it(`is that of its pieces and of 16 MiB that wait to be collected: ${what}`, async function () {
      this.timeout(60_000);
      const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', program(bytes)]);
      assert.ok(Number(stdout) < 45, `${stdout} MiB`);
    });
  }

  it('is left to a program that has many objects itself', async function () {
    this.timeout(60_000);
    const busy = `const own = Array.from({ length: 1_500_000 }, (_, at) => ({ at, text: 'x' + at })); ${program(1024 * 1024)} console.log(own.length);`;
    const { stdout } = await run(process.execPath, ['--trace-gc', '--input-type=module', '--eval', busy]);
    assert.doesNotMatch(stdout, /\(testing\)|GarbageCollectionReason|: gc/i);
    assert.match(stdout, /1500000/);
  });
});
