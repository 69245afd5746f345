import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { customResourceDefinitions } from '../../scripts/generate/crd.ts';
import { LEASE_PERMISSIONS, PERMISSIONS, rulesOf } from '../../scripts/generate/rbac.ts';
import { TOOL_VERSION } from '../../src/core/model/version.ts';
import { temporaryFolder } from '../support/lifetime.ts';
import { runCommand } from '../support/processes.ts';
import { goProgram } from '../support/programs/go.ts';

const BUNDLE = join(import.meta.dirname, '../../deploy/olm');
/** Of the Operator Framework. It takes minutes to build, so it is run by `npm run test:tools` only. */
const VERIFY = {
  name: 'operator-verify',
  path: 'github.com/operator-framework/api/cmd/operator-verify',
  version: 'v0.27.0',
};
const read = (path: string) => readFileSync(join(BUNDLE, path), 'utf8');

describe('the bundle for the Operator Lifecycle Manager', () => {
  const csv = parse(read('manifests/db-manager.clusterserviceversion.yaml'));

  it('has the version, the kinds with their definitions, and an example of each', () => {
    assert.equal(csv.metadata.name, `db-manager.v${TOOL_VERSION}`);
    assert.equal(csv.spec.version, TOOL_VERSION);
    const kinds = customResourceDefinitions().map(({ spec }) => spec.names.kind);
    const { owned } = csv.spec.customresourcedefinitions;
    assert.deepEqual(owned.map(({ kind }: { kind: string }) => kind).sort(), [...kinds].sort());
    const examples = JSON.parse(csv.metadata.annotations['alm-examples']) as { kind: string }[];
    assert.deepEqual([...new Set(examples.map(({ kind }) => kind))].sort(), [...kinds].sort());
    const files = readdirSync(join(BUNDLE, 'manifests')).filter((name) => name.endsWith('.crd.yaml'));
    assert.deepEqual(files.map((name) => parse(read(`manifests/${name}`)).spec).length, kinds.length);
  });

  it('grants the permissions of the operator and no others, in the namespaces of the OperatorGroup', () => {
    const { permissions, clusterPermissions, deployments } = csv.spec.install.spec;
    assert.equal(clusterPermissions, undefined);
    assert.deepEqual(permissions[0].rules, rulesOf([...PERMISSIONS, ...LEASE_PERMISSIONS]));
    const { spec } = deployments[0].spec.template;
    assert.equal(permissions[0].serviceAccountName, spec.serviceAccountName);
    assert.ok(spec.containers[0].args.includes('--namespaces=$(WATCH_NAMESPACES)'));
    assert.equal(
      spec.containers[0].env[0].valueFrom.fieldRef.fieldPath,
      "metadata.annotations['olm.targetNamespaces']",
    );
  });

  it('has the same labels in its metadata and in its image', () => {
    const { annotations } = parse(read('metadata/annotations.yaml'));
    const dockerfile = read('bundle.Dockerfile');
    const lines = dockerfile.split('\n');
    for (const [name, value] of Object.entries(annotations)) assert.ok(lines.includes(`LABEL ${name}=${value}`), name);
    assert.match(dockerfile, /^COPY manifests \/manifests\/$/m);
  });

  if (process.env.DB_MANAGER_TOOLS === 'all') {
    it('is valid for operator-verify with the rules of OperatorHub, which refuses a wrong one', async function () {
      this.timeout(15 * 60_000);
      const program = await goProgram(VERIFY);
      if (program === undefined) return this.skip();
      const verify = (bundle: string) =>
        runCommand(program, ['manifests', '--object_validate', '--operatorhub_validate', bundle]);
      const { code, stdout, stderr } = await verify(BUNDLE);
      assert.equal(code, 0, stdout + stderr);
      assert.doesNotMatch(stdout + stderr, /level=error|level=fatal/);
      const copy = await temporaryFolder('olm');
      await cp(BUNDLE, copy, { recursive: true });
      const file = join(copy, 'manifests/db-manager.clusterserviceversion.yaml');
      await writeFile(file, (await readFile(file, 'utf8')).replace(/^ {2}version: .*$/m, '  version: not a version'));
      assert.notEqual((await verify(copy)).code, 0);
    });
  }
});
