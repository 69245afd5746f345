import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describeCluster } from './suite.ts';

describeCluster('the manifests in deploy/', (cluster) => {
  before(async () => {
    const { mustKubectl } = cluster();
    await mustKubectl(['apply', '--server-side', '--force-conflicts', '--filename=crds']);
  });

  it('are taken by the API server: namespace, rights and the operator', async () => {
    const { mustKubectl } = cluster();
    await mustKubectl(['apply', '--filename=deploy/namespace.yaml']);
    const said = await mustKubectl(['apply', '--dry-run=server', '--kustomize=deploy']);
    assert.match(said, /deployment.apps\/db-manager-operator/);
    assert.doesNotMatch(said, /would violate PodSecurity/);
  });

  it('have samples that it takes as they are', async () => {
    const { mustKubectl } = cluster();
    const samples = (await readdir('deploy/samples')).filter((name) => name.endsWith('.yaml'));
    assert.ok(samples.length >= 2);
    for (const name of samples) {
      await mustKubectl([
        'apply',
        '--dry-run=server',
        '--namespace=default',
        `--filename=${join('deploy/samples', name)}`,
      ]);
    }
  });
});
