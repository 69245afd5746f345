import assert from 'node:assert/strict';
import { describeCluster } from './suite.ts';

describeCluster('the control plane', (cluster) => {
  it('is the version that go.mod names', async () => {
    const version = JSON.parse(await cluster().mustKubectl(['version', '--output=json']));
    assert.equal(version.serverVersion.gitVersion, 'v1.35.4');
    assert.equal(version.serverVersion.minor, '35');
  });

  it('lets a stranger do nothing, and a service account what RBAC grants it', async () => {
    const { name } = await cluster().createNamespace();
    const stranger = await cluster().kubeconfigFor({ user: 'stranger' });
    const refused = await cluster().kubectl(['get', 'pods', `--namespace=${name}`, `--kubeconfig=${stranger}`]);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /Forbidden.*"stranger"/);

    const account = await cluster().kubeconfigFor({ serviceAccount: 'default', namespace: name });
    const asAccount = ['get', 'configmaps', `--namespace=${name}`, '--output=name', `--kubeconfig=${account}`];
    assert.equal((await cluster().kubectl(asAccount)).code, 1);
    await cluster().mustKubectl([
      ...['create', 'rolebinding', 'reader', '--clusterrole=view', `--serviceaccount=${name}:default`],
      `--namespace=${name}`,
    ]);
    assert.match(await cluster().mustKubectl(asAccount), /configmap\/kube-root-ca\.crt/);
  });

  it('enforces Pod Security where a namespace asks for it', async () => {
    const { name } = await cluster().createNamespace({ podSecurity: 'restricted' });
    const pod = await cluster().kubectl(['run', 'root', '--image=any', `--namespace=${name}`]);
    assert.equal(pod.code, 1);
    assert.match(pod.stderr, /violates PodSecurity "restricted/);
  });

  it('deletes a namespace with what is in it', async () => {
    const namespace = await cluster().createNamespace();
    await cluster().mustKubectl(['create', 'configmap', 'some', `--namespace=${namespace.name}`]);
    await namespace.delete();
    await cluster().mustKubectl(['wait', '--for=delete', `namespace/${namespace.name}`, '--timeout=30s']);
  });

  it('runs helm', async () => {
    const { name } = await cluster().createNamespace();
    const { code, stdout } = await cluster().helm(['list', `--namespace=${name}`, '--output=json']);
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(stdout), []);
  });

  it('restarts on the same port with its objects, after a clean stop and after a crash', async () => {
    const { name } = await cluster().createNamespace();
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      await cluster().stopApiServer(signal);
      const { code, stderr } = await cluster().kubectl(['get', 'namespace', name]);
      assert.equal(code, 1);
      assert.match(stderr, /refused/);
      await cluster().startApiServer();
      assert.match(await cluster().mustKubectl(['get', 'namespace', name]), /Active/);
    }
  });
});
