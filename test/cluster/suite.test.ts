import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { temporaryFolder } from '../support/lifetime.ts';
import { runCommand } from '../support/processes.ts';

const mocha = join(dirname(createRequire(import.meta.url).resolve('mocha/package.json')), 'bin/mocha.js');

describe('the cluster tests on a machine without the programs and without Go', () => {
  async function runWith(extra: NodeJS.ProcessEnv) {
    const env = { PATH: '/nowhere', TEST_FETCHED_PROGRAMS: 'none', XDG_CACHE_HOME: await temporaryFolder(), ...extra };
    const args = [mocha, join(import.meta.dirname, 'control-plane.test.ts')];
    return runCommand(process.execPath, args, { env, cwd: join(import.meta.dirname, '../..') });
  }

  it('are skipped, with one visible line that states why', async () => {
    const { code, stdout, stderr } = await runWith({});
    assert.equal(code, 0);
    assert.match(stdout, /0 passing\s+.*\s*\d pending/);
    assert.equal(stderr.match(/\*\*\* CLUSTER TESTS SKIPPED: there is no etcd/g)?.length, 1);
  });

  it('fail on CI instead', async () => {
    const { code, stdout } = await runWith({ CI: 'true' });
    assert.notEqual(code, 0);
    assert.match(stdout, /may not be skipped on CI: there is no etcd/);
  });
});
