import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { temporaryFolder } from '../support/databases.ts';

const MODULE = resolve('src/database/temporary-folder.ts');

/** A process that makes a folder in `place`, prints its name, and keeps it as its working directory. */
async function living(place: string) {
  const text = `import { withTemporaryFolder } from '${MODULE}';
await withTemporaryFolder('test', async (folder) => { console.log(folder); await new Promise((done) => process.stdin.once('data', done)); });
process.exit();`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', text], {
    env: { ...process.env, TMPDIR: place },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, folder: String(line).trim() };
}

describe('a temporary folder', () => {
  it('is private, and removed when its work is done', async () => {
    const { child, folder } = await living(await temporaryFolder('tmp'));
    assert.equal((await stat(folder)).mode & 0o077, 0);
    child.stdin.write('end');
    await once(child, 'close');
    assert.deepEqual(await readdir(dirname(folder)), []);
  });

  it('of a process that was killed is removed by the next one, and those of the living and of others stay', async () => {
    const place = await temporaryFolder('tmp');
    await mkdir(join(place, 'db-manager-of-a-person'));
    await mkdir(join(place, 'other-test-abc'));
    const dead = await living(place);
    const alive = await living(place);
    dead.child.kill('SIGKILL');
    await once(dead.child, 'close');
    assert.equal((await readdir(place)).length, 4);
    const next = await living(place);
    const names = (await readdir(place)).map((name) => join(place, name));
    assert.ok(!names.includes(dead.folder));
    assert.ok(names.includes(alive.folder) && names.includes(next.folder));
    assert.ok(names.includes(join(place, 'db-manager-of-a-person')) && names.includes(join(place, 'other-test-abc')));
    for (const { child } of [alive, next]) {
      child.stdin.write('end');
      await once(child, 'close');
    }
  });
});
