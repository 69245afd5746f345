import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { leaveTerminationMessage } from '../../src/cli/processes/termination-message.ts';

describe('the termination message', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'termination-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const left = async (text: string, file = join(folder, 'log')) => {
    const errors: string[] = [];
    await writeFile(join(folder, 'log'), '');
    leaveTerminationMessage({ env: { DB_MANAGER_TERMINATION_LOG: file }, err: (line) => errors.push(line) }, text);
    return { message: await readFile(join(folder, 'log')), errors };
  };

  for (const character of ['a', 'é', '語', '𝒳']) {
    it(`has at most 4096 bytes and no half of a character: ${character}`, async () => {
      for (const before of ['', 'x', 'xx', 'xxx']) {
        const text = before + character.repeat(5_000);
        const { message } = await left(text);
        const size = Buffer.byteLength(character);
        assert.ok(message.length <= 4096 && message.length > 4096 - size, `${before.length}: ${message.length}`);
        assert.ok(text.startsWith(message.toString('utf8')));
      }
    });
  }

  it('is whole where it fits', async () => {
    assert.equal((await left('語'.repeat(1_365))).message.toString('utf8'), '語'.repeat(1_365));
  });

  it('is left out outside a pod, and a file that cannot be written is reported', async () => {
    assert.deepEqual(await left('text', join(folder, 'absent')), { message: Buffer.from(''), errors: [] });
    assert.match((await left('text', folder)).errors.join(), /^the termination message could not be written: EISDIR/);
  });
});
