import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { oneAtATime } from './one-at-a-time.ts';

const MODULE = join(import.meta.dirname, 'one-at-a-time.ts');

describe('work that one process at a time may do', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'dbm-one-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('does not overlap in several processes', async () => {
    const log = join(folder, 'log');
    const script = `
      import { appendFileSync } from 'node:fs';
      import { setTimeout as sleep } from 'node:timers/promises';
      const { oneAtATime } = await import(${JSON.stringify(MODULE)});
      await oneAtATime(${JSON.stringify(join(folder, 'lock'))}, async () => {
        appendFileSync(${JSON.stringify(log)}, 'begin ');
        await sleep(100);
        appendFileSync(${JSON.stringify(log)}, 'end ');
      });`;
    const codes = await Promise.all([1, 2, 3].map(() => exitOf(script)));
    assert.deepEqual(codes, [0, 0, 0]);
    assert.equal(readFileSync(log, 'utf8'), 'begin end begin end begin end ');
  });

  it('is free again after an error, and its lock is gone', async () => {
    const lock = join(folder, 'lock');
    await assert.rejects(
      oneAtATime(lock, async () => {
        throw new Error('no space left on device');
      }),
      /no space/,
    );
    assert.equal(existsSync(lock), false);
    assert.equal(await oneAtATime(lock, async () => 'done'), 'done');
  });

  it('ignores the lock of a process that was killed', async () => {
    const child = spawn(process.execPath, ['-e', '']);
    await once(child, 'exit');
    symlinkSync(String(child.pid), join(folder, 'lock'));
    assert.equal(await oneAtATime(join(folder, 'lock'), async () => 'done'), 'done');
  });
});

async function exitOf(script: string): Promise<number | null> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' });
  const [code] = await once(child, 'exit');
  return code;
}
