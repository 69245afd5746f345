import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { temporaryFolder } from '../support/lifetime.ts';
import { runCommand } from '../support/processes.ts';
import { goProgram } from '../support/programs/go.ts';

const MANIFEST = 'deploy/krew/dbm.yaml';
const VALIDATOR = {
  name: 'validate-krew-manifest',
  path: 'sigs.k8s.io/krew/cmd/validate-krew-manifest',
  version: 'v0.4.3',
};

describe("krew's manifest", function () {
  this.timeout(10 * 60_000);

  it('is valid for the validator of krew, which refuses a wrong one', async function () {
    const validator = await goProgram(VALIDATOR);
    if (validator === undefined) return this.skip();
    const validate = (file: string) => runCommand(validator, ['--manifest', file, '--skip-install']);
    const { code, stdout, stderr } = await validate(MANIFEST);
    assert.equal(code, 0, stdout + stderr);
    const wrong = join(await temporaryFolder('krew'), 'dbm.yaml');
    await writeFile(wrong, readFileSync(MANIFEST, 'utf8').replace('shortDescription:', 'summary:'));
    assert.notEqual((await validate(wrong)).code, 0);
  });

  it('has the version and the program of the package', () => {
    const { version, bin } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      version: string;
      bin: Record<string, string>;
    };
    const { spec } = parse(readFileSync(MANIFEST, 'utf8')) as {
      spec: { version: string; platforms: { uri: string; bin: string }[] };
    };
    assert.equal(spec.version, `v${version}`);
    for (const platform of spec.platforms) {
      assert.equal(platform.bin, bin['kubectl-dbm']);
      assert.ok(platform.uri.endsWith(`/v${version}/kubectl-dbm-v${version}.tar.gz`));
    }
  });
});
