import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, lstat, mkdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { temporaryFolder } from './lifetime.ts';
import { eventually, isErrno } from './processes.ts';

const SCRIPT = resolve('scripts/apt-install.sh');

/** A machine whose apt-get does what `install` contains, and records what the policy answered at that time. */
async function machine(install = 'exit 0') {
  const folder = await temporaryFolder('apt');
  const policy = join(folder, 'sbin/policy-rc.d');
  await mkdir(join(folder, 'sbin'));
  await mkdir(join(folder, 'bin'));
  const script = `#!/bin/sh\n[ "$1" = install ] || exit 0\nsh "${policy}"; echo $? >"${folder}/answered"\n${install}\n`;
  await writeFile(join(folder, 'bin/apt-get'), script, { mode: 0o755 });
  const env = { ...process.env, PATH: `${folder}/bin:${process.env.PATH}`, POLICY_RC_D: policy };
  return {
    folder,
    policy,
    answered: async () => (await readFile(join(folder, 'answered'), 'utf8')).trim(),
    start: () => execFile(SCRIPT, ['some-package'], { env }),
    async run(): Promise<number | null> {
      const child = execFile(SCRIPT, ['some-package'], { env });
      return new Promise((done) => child.on('close', done));
    },
  };
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false;
    throw error;
  }
}

const ENDINGS = { 'a success': 'exit 0', 'a failure': 'exit 100' };

describe('scripts/apt-install.sh', () => {
  for (const [ending, install] of Object.entries(ENDINGS)) {
    it(`forbids services to start, and leaves no policy where there was none, after ${ending}`, async () => {
      const here = await machine(install);
      assert.equal((await here.run()) === 0, install === 'exit 0');
      assert.equal(await here.answered(), '101');
      assert.equal(await isThere(here.policy), false);
    });

    it(`puts back the same file with its mode and time after ${ending}`, async () => {
      const here = await machine(install);
      await writeFile(here.policy, '#!/bin/sh\n# of this machine\nexit 104\n');
      await chmod(here.policy, 0o4750);
      const before = await lstat(here.policy);
      await here.run();
      assert.equal(await here.answered(), '101');
      const after = await lstat(here.policy);
      assert.deepEqual(
        [after.ino, after.mode, after.uid, after.gid, after.mtimeMs],
        [before.ino, before.mode, before.uid, before.gid, before.mtimeMs],
      );
      assert.match(await readFile(here.policy, 'utf8'), /exit 104/);
    });

    it(`puts back a symbolic link, one that leads nowhere too, after ${ending}`, async () => {
      const here = await machine(install);
      await symlink('../alternatives/policy', here.policy);
      await here.run();
      assert.equal(await readlink(here.policy), '../alternatives/policy');
    });
  }

  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    it(`puts the machine's policy back when it is ended by ${signal}`, async () => {
      const here = await machine('sleep 1');
      await writeFile(here.policy, 'mine\n');
      const child = here.start();
      const ended = new Promise((done) => child.on('close', done));
      await eventually('apt-get to install', () => isThere(join(here.folder, 'answered')));
      child.kill(signal);
      await ended;
      assert.equal(await readFile(here.policy, 'utf8'), 'mine\n');
    });
  }

  it("puts the machine's policy back after a run that was killed", async () => {
    const here = await machine();
    await writeFile(`${here.policy}.db-manager-saved`, 'mine\n');
    await writeFile(here.policy, '#!/bin/sh\nexit 101\n');
    assert.equal(await here.run(), 0);
    assert.equal(await readFile(here.policy, 'utf8'), 'mine\n');
    assert.equal(await isThere(`${here.policy}.db-manager-saved`), false);
  });

  it('leaves no policy after a run that was killed where there was none', async () => {
    const here = await machine('kill -9 $PPID');
    assert.notEqual(await here.run(), 0);
    assert.match(await readFile(here.policy, 'utf8'), /Of db-manager/);
    await writeFile(join(here.folder, 'bin/apt-get'), '#!/bin/sh\nexit 0\n');
    assert.equal(await here.run(), 0);
    assert.equal(await isThere(here.policy), false);
  });

  it('leaves a policy that a package brought, unless the machine had its own', async () => {
    const brings = (policy: string) => `printf 'of a package\\n' >"${policy}.new"; mv "${policy}.new" "${policy}"`;
    const none = await machine();
    const install = `#!/bin/sh\n[ "$1" = install ] || exit 0\n${brings(none.policy)}\n`;
    await writeFile(join(none.folder, 'bin/apt-get'), install);
    assert.equal(await none.run(), 0);
    assert.equal(await readFile(none.policy, 'utf8'), 'of a package\n');
    await writeFile(none.policy, 'mine\n');
    assert.equal(await none.run(), 0);
    assert.equal(await readFile(none.policy, 'utf8'), 'mine\n');
  });

  it('puts back a folder of that name with its files', async () => {
    const here = await machine('exit 100');
    await mkdir(here.policy);
    await writeFile(join(here.policy, 'rules'), 'mine\n');
    assert.notEqual(await here.run(), 0);
    assert.equal(await here.answered(), '101');
    assert.equal(await readFile(join(here.policy, 'rules'), 'utf8'), 'mine\n');
  });

  it('keeps two concurrent runs from mistaking the policy of each other for that of the machine', async () => {
    const here = await machine('sleep 0.3');
    await writeFile(here.policy, 'mine\n');
    assert.deepEqual(await Promise.all([here.run(), here.run()]), [0, 0]);
    assert.equal(await readFile(here.policy, 'utf8'), 'mine\n');
  });

  it('is the only script that changes the policy', async () => {
    for (const path of ['.ci/run', 'scripts/e2e-local.sh', 'scripts/setup.ts']) {
      const text = await readFile(path, 'utf8');
      assert.match(text, /apt-install\.sh/, path);
      assert.doesNotMatch(text, /policy-rc\.d/, path);
    }
  });
});
