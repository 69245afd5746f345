import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { databaseMigrationSchema } from '../../src/core/model/resource.ts';
import { KINDS } from '../../src/kinds/index.ts';
import { render } from '../charts/helm.ts';
import { describeCluster } from './suite.ts';

const SAMPLES = ['deploy/samples', 'deploy/argocd'];

describeCluster('the manifests in deploy/ and the renderings of charts/', (cluster) => {
  before(async () => {
    const { mustKubectl, kubectl } = cluster();
    await mustKubectl(['apply', '--server-side', '--force-conflicts', '--filename=crds']);
    await mustKubectl(['apply', '--filename=deploy/base/namespace.yaml']);
    await kubectl(['create', 'namespace', 'shop']);
  });

  for (const overlay of ['deploy', 'deploy/overlays/cluster', 'deploy/overlays/namespaced']) {
    it(`${overlay} is accepted by the API server: namespace, permissions and the operator`, async () => {
      const said = await cluster().mustKubectl(['apply', '--dry-run=server', `--kustomize=${overlay}`]);
      assert.match(said, /deployment.apps\/db-manager-operator/);
      assert.doesNotMatch(said, /would violate PodSecurity/);
    });
  }

  it('deploy/overlays/namespaced gives the operator permissions in the watched namespace only', async () => {
    const { stdout } = await cluster().kubectl(['kustomize', 'deploy/overlays/namespaced']);
    const objects = parseAllDocuments(stdout).map((document) => document.toJS());
    assert.ok(objects.every(({ kind }) => !kind.startsWith('ClusterRole')));
    const roles = objects
      .filter(({ kind }) => kind === 'Role')
      .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
    assert.deepEqual(roles.sort(), ['db-manager/db-manager-operator-lease', 'shop/db-manager-operator']);
    const [container] = objects.find(({ kind }) => kind === 'Deployment').spec.template.spec.containers;
    assert.ok(container.args.includes('--namespaces=shop'));
    for (const { subjects } of objects.filter(({ kind }) => kind === 'RoleBinding'))
      assert.deepEqual(subjects[0].namespace, 'db-manager');
  });

  it('samples are taken as they are, and are whole resources', async () => {
    const files = (
      await Promise.all(SAMPLES.map(async (folder) => (await readdir(folder)).map((name) => join(folder, name))))
    )
      .flat()
      .filter((name) => name.endsWith('.yaml'));
    assert.ok(files.length >= 7);
    for (const file of files) {
      await cluster().mustKubectl(['apply', '--dry-run=server', '--namespace=shop', `--filename=${file}`]);
      const documents = parseAllDocuments(await readFile(file, 'utf8')).map((document) => document.toJS());
      for (const each of documents) {
        if (each.kind === 'DatabaseMigration') databaseMigrationSchema.parse(each);
        else KINDS.find(({ kind }) => kind === each.kind)?.spec.parse(each.spec);
      }
    }
  });

  it('samples show every kind', async () => {
    const names = (await readdir('deploy/samples')).filter((name) => name.endsWith('.yaml'));
    const texts = await Promise.all(names.map((name) => readFile(join('deploy/samples', name), 'utf8')));
    for (const { kind } of KINDS)
      assert.ok(
        texts.some((text) => text.includes(`\nkind: ${kind}\n`)),
        kind,
      );
  });

  it('samples show every source of migrations', async () => {
    const texts = await Promise.all(
      (await readdir('deploy/samples'))
        .filter((name) => name.endsWith('.yaml'))
        .map((name) => readFile(join('deploy/samples', name), 'utf8')),
    );
    for (const source of ['image', 'configMaps', 'volume', 'runnerImage'])
      assert.ok(
        texts.some((text) => new RegExp(`migrations:\n    ${source}:`).test(text)),
        source,
      );
  });

  for (const page of ['docs/operations/backup-resources.md', 'docs/operations/object-storage.md']) {
    it(`the resources of ${page} are taken as they are`, async () => {
      const text = await readFile(page, 'utf8');
      const blocks = [...text.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block);
      assert.ok(blocks.length >= 1);
      for (const block of blocks) {
        // A part of a DatabaseMigration has the rest of it from a sample.
        const given = parseAllDocuments(block)[0]?.toJS();
        const sample = parseAllDocuments(await readFile('deploy/samples/postgres.yaml', 'utf8'))[0]?.toJS();
        const whole = given.kind === undefined ? { ...sample, spec: { ...sample.spec, ...given.spec } } : given;
        const args = ['apply', '--dry-run=server', '--namespace=shop', '--filename=-'];
        await cluster().mustKubectl(args, { input: JSON.stringify(whole) });
      }
    });
  }

  const spec = {
    database: { urlFrom: { secretKeyRef: { name: 'shop', key: 'url' } } },
    migrations: { image: { reference: 'shop:1', path: '/migrations' } },
    backup: { volume: { claimName: 'backups' } },
  };
  const everything = {
    replicas: 2,
    podDisruptionBudget: { enabled: true },
    networkPolicy: { enabled: true, metricsFrom: [{ namespaceSelector: {} }] },
    metrics: { dashboard: { enabled: true } },
  };
  const renderings: [string, string, object][] = [
    ['the operator as it comes', 'charts/db-manager', {}],
    ['the operator with everything on', 'charts/db-manager', everything],
    ['the operator of one namespace', 'charts/db-manager', { watch: { namespaces: ['shop'] } }],
    ['a hook with an operator', 'charts/db-migration', { spec }],
    ['a hook without one', 'charts/db-migration', { spec, mode: 'standalone' }],
  ];
  for (const [what, chart, values] of renderings) {
    it(`${chart} is taken: ${what}`, async () => {
      // A pod is refused where its service account does not exist yet: the chart tests have a test of their own.
      const objects = (await render('x', chart, values, '--namespace=shop')).filter(({ kind }) => kind !== 'Pod');
      const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
      // The CRD is there already, of another field manager.
      const args = ['apply', '--server-side', '--force-conflicts', '--dry-run=server', '--filename=-'];
      await cluster().kubectl([
        'label',
        'namespace',
        'shop',
        'pod-security.kubernetes.io/warn=restricted',
        '--overwrite',
      ]);
      const { code, stderr } = await cluster().kubectl(args, { input });
      assert.equal(code, 0, stderr);
      assert.doesNotMatch(stderr, /PodSecurity/);
    });
  }
});
