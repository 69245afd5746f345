import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { customResourceDefinitions } from '../../scripts/generate/crd.ts';
import { AUTH_PERMISSIONS, LEASE_PERMISSIONS, PERMISSIONS, rulesOf } from '../../scripts/generate/rbac.ts';
import { TOOL_VERSION } from '../../src/core/model/version.ts';
import { CHARTS, helm, only, type Rendered, refusal, render } from './helm.ts';

const CHART = join(CHARTS, 'db-manager');
const DIGEST = `sha256:${'a'.repeat(64)}`;

describe('the chart of the operator', () => {
  let objects: Rendered[];
  before(async () => {
    objects = await render('db-manager', CHART);
  });

  it('passes helm lint, strictly', async () => {
    const { code, stdout } = await helm('lint', CHART, '--strict');
    assert.equal(code, 0, stdout);
  });

  it('has the version of the tool', () => {
    const { version, appVersion } = parse(readFileSync(join(CHART, 'Chart.yaml'), 'utf8'));
    assert.deepEqual([version, appVersion], [TOOL_VERSION, TOOL_VERSION]);
  });

  it('installs the CRDs of crds/, upgrades them with the chart and keeps them on uninstall', () => {
    const definitions = objects.filter(({ kind }) => kind === 'CustomResourceDefinition');
    assert.deepEqual(
      definitions.map(({ spec }) => spec),
      customResourceDefinitions().map(({ spec }) => spec),
    );
    for (const { metadata } of definitions) assert.equal(metadata?.annotations?.['helm.sh/resource-policy'], 'keep');
  });

  it('leaves the CRD out if crds.install is false', async () => {
    const without = await render('db-manager', CHART, { crds: { install: false } });
    assert.ok(without.every(({ kind }) => kind !== 'CustomResourceDefinition'));
  });

  it('grants what deploy/rbac grants, cluster-wide', () => {
    assert.deepEqual(only(objects, 'ClusterRole', 'team-db-manager').rules, rulesOf(PERMISSIONS));
    assert.deepEqual(only(objects, 'Role').rules, rulesOf(LEASE_PERMISSIONS));
    const [subject] = only(objects, 'ClusterRoleBinding').subjects;
    assert.deepEqual(subject, { kind: 'ServiceAccount', name: 'db-manager', namespace: 'team' });
  });

  it('adds every kind to the default roles of users, and no permission for a status', () => {
    const plurals = customResourceDefinitions().map(({ spec }) => spec.names.plural);
    const verbs = { view: ['get', 'list', 'watch'], edit: ['create', 'update', 'patch', 'delete', 'deletecollection'] };
    for (const [role, granted] of Object.entries(verbs)) {
      const [rule, ...others] = only(objects, 'ClusterRole', `team-db-manager-${role}`).rules;
      assert.deepEqual([rule.apiGroups, rule.verbs, others], [['db-manager.dev'], granted, []]);
      assert.deepEqual([...rule.resources].sort(), [...plurals].sort());
    }
  });

  it('grants nothing cluster-wide when it watches some namespaces', async () => {
    const namespaced = await render('db-manager', CHART, { watch: { namespaces: ['shop', 'bank'] } });
    assert.ok(namespaced.every(({ kind }) => kind !== 'ClusterRole' && kind !== 'ClusterRoleBinding'));
    const roles = namespaced.filter(({ kind }) => kind === 'Role' || kind === 'RoleBinding');
    assert.deepEqual(
      roles.map(({ kind, metadata }) => `${kind} ${metadata?.namespace}/${metadata?.name}`).sort(),
      ['Role', 'RoleBinding'].flatMap((kind) =>
        ['bank/team-db-manager', 'shop/team-db-manager', 'team/db-manager-lease'].map((name) => `${kind} ${name}`),
      ),
    );
    assert.ok(args(namespaced).includes('--namespaces=shop,bank'));
  });

  it('grants nothing and creates no account if both are managed elsewhere', async () => {
    const bare = await render('db-manager', CHART, {
      rbac: { create: false, aggregate: false },
      serviceAccount: { create: false, name: 'given' },
    });
    assert.ok(bare.every(({ kind }) => !/Role|ServiceAccount/.test(kind ?? '')));
    assert.equal(only(bare, 'Deployment').spec.template.spec.serviceAccountName, 'given');
  });

  it('runs restricted', () => {
    const { securityContext, containers } = only(objects, 'Deployment').spec.template.spec;
    assert.equal(securityContext.runAsNonRoot, true);
    assert.deepEqual(securityContext.seccompProfile, { type: 'RuntimeDefault' });
    assert.deepEqual(containers[0].securityContext, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });

  it('names the image by registry, tag or digest, and gives runs the same one', async () => {
    const cases: [object, string][] = [
      [{}, `db-manager:${TOOL_VERSION}`],
      [{ image: { registry: 'one.example', repository: 'a/b', tag: '9' } }, 'one.example/a/b:9'],
      [
        { global: { imageRegistry: 'mirror.example/x/' }, image: { registry: 'one.example' } },
        `mirror.example/x/db-manager:${TOOL_VERSION}`,
      ],
      [{ image: { tag: '9', digest: DIGEST } }, `db-manager@${DIGEST}`],
    ];
    for (const [values, image] of cases) {
      const rendered = await render('db-manager', CHART, values);
      assert.equal(only(rendered, 'Deployment').spec.template.spec.containers[0].image, image);
      assert.ok(args(rendered).includes(`--runner-image=${image}`));
    }
  });

  it('passes on what is added: labels, environment, volumes, arguments, pull Secrets, placement', async () => {
    const rendered = await render('db-manager', CHART, {
      commonLabels: { team: 'data' },
      podLabels: { 'sidecar.istio.io/inject': 'false' },
      extraEnv: [{ name: 'HTTPS_PROXY', value: 'http://proxy:3128' }],
      extraVolumes: [{ name: 'ca', configMap: { name: 'ca' } }],
      extraVolumeMounts: [{ name: 'ca', mountPath: '/ca' }],
      extraArgs: ['--kubeconfig=/ca/config'],
      imagePullSecrets: [{ name: 'regcred' }],
      nodeSelector: { pool: 'system' },
      tolerations: [{ operator: 'Exists' }],
      priorityClassName: 'high',
    });
    const { metadata, spec } = only(rendered, 'Deployment').spec.template;
    assert.equal(metadata.labels.team, 'data');
    assert.equal(metadata.labels['sidecar.istio.io/inject'], 'false');
    assert.deepEqual(spec.containers[0].env, [{ name: 'HTTPS_PROXY', value: 'http://proxy:3128' }]);
    assert.deepEqual(
      spec.volumes.map(({ name }: { name: string }) => name),
      ['tmp', 'ca'],
    );
    assert.deepEqual(spec.containers[0].volumeMounts[1], { name: 'ca', mountPath: '/ca' });
    assert.equal(args(rendered).at(-1), '--kubeconfig=/ca/config');
    assert.deepEqual(spec.imagePullSecrets, [{ name: 'regcred' }]);
    assert.deepEqual(
      [spec.nodeSelector, spec.tolerations, spec.priorityClassName],
      [{ pool: 'system' }, [{ operator: 'Exists' }], 'high'],
    );
    assert.ok(rendered.every(({ metadata: { labels } = {} }) => labels?.team === 'data'));
  });

  it('brings alert rules and dashboard as they are in deploy/', async () => {
    const rendered = await render('db-manager', CHART, {
      metrics: { prometheusRule: { enabled: true, labels: { release: 'kube' } }, dashboard: { enabled: true } },
    });
    const source = (path: string) => readFileSync(join(CHART, '../../deploy', path), 'utf8');
    assert.deepEqual(only(rendered, 'PrometheusRule').spec, parse(source('prometheus/rules.yaml')));
    assert.equal(only(rendered, 'PrometheusRule').metadata?.labels?.release, 'kube');
    const dashboard = only(rendered, 'ConfigMap');
    assert.equal(dashboard.data['db-manager.json'], source('grafana/db-manager.json'));
    assert.equal(dashboard.metadata?.labels?.grafana_dashboard, '1');
  });

  it('replaces the pod instead of overlapping it without leader election', async () => {
    const rendered = await render('db-manager', CHART, { leaderElection: { enabled: false } });
    assert.equal(only(rendered, 'Deployment').spec.strategy.type, 'Recreate');
    assert.ok(args(rendered).includes('--no-leader-election'));
  });

  it('keeps names of long releases apart and short enough', async () => {
    const names = ['a', 'b'].map((last) => `${'long-'.repeat(10)}${last}`);
    const deployments = await Promise.all(names.map(async (name) => only(await render(name, CHART), 'Deployment')));
    const [first, second] = deployments.map(({ metadata }) => metadata?.name ?? '');
    assert.notEqual(first, second);
    assert.ok((first?.length ?? 99) <= 52);
  });

  it('passes on what resources may use: a list as a flag, an empty list as an empty flag, nothing as none', async () => {
    const allowed = { images: ['registry.example/*', 'other.example/a'], priorityClasses: [] };
    assert.deepEqual(
      args(await render('db-manager', CHART, { allowed })).filter((each) => each.startsWith('--allowed')),
      ['--allowed-images=registry.example/*,other.example/a', '--allowed-priority-classes='],
    );
    assert.equal(args(objects).filter((each) => each.startsWith('--allowed')).length, 0);
  });

  it('sends notifications to the hosts that are listed, and to none without a list', async () => {
    const hosts = ['hooks.example.com', 'http://relay.monitoring.svc:8080'];
    const rendered = args(await render('db-manager', CHART, { notify: { hosts } }));
    assert.ok(rendered.includes('--notify-hosts=hooks.example.com,http://relay.monitoring.svc:8080'));
    assert.ok(!args(objects).some((each) => each.startsWith('--notify')));
    assert.match(await refusal(CHART, { notify: { host: 'x' } }), /notify/);
  });

  it('requires a token for the metrics and serves them over TLS if the values request it', async () => {
    const rendered = await render('db-manager', CHART, {
      metrics: { auth: { enabled: true }, tls: { secretName: 'metrics-tls' }, serviceMonitor: { enabled: true } },
    });
    assert.ok(args(rendered).includes('--metrics-auth'));
    assert.ok(args(rendered).includes('--metrics-cert-file=/tls/tls.crt'));
    const [container] = only(rendered, 'Deployment').spec.template.spec.containers;
    assert.equal(container.livenessProbe.httpGet.scheme, 'HTTPS');
    assert.deepEqual(only(rendered, 'ClusterRole', 'team-db-manager-metrics-auth').rules, rulesOf(AUTH_PERMISSIONS));
    const [endpoint] = only(rendered, 'ServiceMonitor').spec.endpoints;
    assert.equal(endpoint.scheme, 'https');
    assert.ok(endpoint.bearerTokenFile);
    assert.equal(objects.filter(({ metadata }) => metadata?.name?.includes('metrics-')).length, 0);
  });

  it('serves the dashboard only if it is enabled, with a role for its readers and none for the operator', async () => {
    assert.ok(!args(objects).some((each) => each.startsWith('--dashboard')));
    assert.equal(objects.filter(({ metadata }) => metadata?.name?.includes('dashboard')).length, 0);
    const rendered = await render('db-manager', CHART, {
      dashboard: { enabled: true, approve: true, port: 8443, tls: { secretName: 'page-tls' } },
      networkPolicy: { enabled: true },
    });
    assert.deepEqual(
      args(rendered).filter((each) => each.startsWith('--dashboard')),
      [
        '--dashboard-port=8443',
        '--dashboard-approve',
        '--dashboard-cert-file=/dashboard-tls/tls.crt',
        '--dashboard-key-file=/dashboard-tls/tls.key',
      ],
    );
    const [port] = only(rendered, 'Service', 'db-manager-dashboard').spec.ports;
    assert.deepEqual(port, { name: 'dashboard', port: 8443, targetPort: 'dashboard' });
    assert.deepEqual(only(rendered, 'ClusterRole', 'team-db-manager-dashboard-auth').rules, rulesOf(AUTH_PERMISSIONS));
    assert.deepEqual(only(rendered, 'ClusterRole', 'team-db-manager-dashboard-user').rules, [
      { nonResourceURLs: ['/dashboard'], verbs: ['get'] },
    ]);
    assert.deepEqual(
      only(rendered, 'ClusterRole', 'team-db-manager').rules,
      only(objects, 'ClusterRole', 'team-db-manager').rules,
    );
    assert.match(JSON.stringify(only(rendered, 'NetworkPolicy').spec.ingress), /8443/);
    await assert.rejects(render('db-manager', CHART, { dashboard: { enabled: true, port: 8080 } }), /separate port/);
  });

  it('leaves the permission on Secrets out if rbac.secrets is false', async () => {
    const secrets = (rendered: Rendered[]) =>
      JSON.stringify(only(rendered, 'ClusterRole', 'team-db-manager').rules).includes('"secrets"');
    assert.equal(secrets(objects), true);
    assert.equal(secrets(await render('db-manager', CHART, { rbac: { secrets: false } })), false);
  });

  it('has a test, and takes more objects with templates in them', async () => {
    const [container] = only(objects, 'Pod', 'db-manager-test').spec.containers;
    assert.deepEqual(container.args, ['status', '--all-namespaces']);
    const extra = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: '{{ .Release.Name }}-more' } };
    const rendered = await render('db-manager', CHART, {
      watch: { namespaces: ['shop', 'other'] },
      extraObjects: [extra, JSON.stringify({ ...extra, metadata: { name: 'text-{{ .Release.Namespace }}' } })],
    });
    only(rendered, 'ConfigMap', 'db-manager-more');
    only(rendered, 'ConfigMap', 'text-team');
    assert.deepEqual(only(rendered, 'Pod').spec.containers[0].args, ['status', '--namespace=shop']);
  });

  const refused: [string, object, RegExp][] = [
    [
      'two replicas without leader election',
      { replicas: 2, leaderElection: { enabled: false } },
      /two operators would act at the same time\. Set leaderElection\.enabled=true, or replicas=1/,
    ],
    ['a disruption budget for one pod', { podDisruptionBudget: { enabled: true } }, /requires replicas=2 or more/],
    [
      'a ServiceMonitor without a Service',
      { metrics: { service: { enabled: false }, serviceMonitor: { enabled: true } } },
      /requires metrics\.service\.enabled=true/,
    ],
    [
      'an account that nobody names',
      { serviceAccount: { create: false } },
      /set serviceAccount\.name to the account that the operator runs as/,
    ],
    ['a value that there is not', { imagee: { tag: '1' } }, /additional properties 'imagee' not allowed/],
    ['a tag for a digest', { image: { digest: 'latest' } }, /'\/image\/digest'/],
    ['a log level that there is not', { log: { level: 'loud' } }, /'\/log\/level'/],
    ['no replica', { replicas: 0 }, /'\/replicas'/],
    ['what is no namespace', { watch: { namespaces: ['A_b'] } }, /'\/watch\/namespaces\/0'/],
  ];
  for (const [what, values, why] of refused) {
    it(`refuses ${what}`, async () => assert.match(await refusal(CHART, values), why));
  }

  it('has every value in the schema', () => {
    const values = parse(readFileSync(join(CHART, 'values.yaml'), 'utf8'));
    const { properties } = JSON.parse(readFileSync(join(CHART, 'values.schema.json'), 'utf8'));
    assert.deepEqual(Object.keys(properties).sort(), Object.keys(values).sort());
  });
});

function args(objects: Rendered[]): string[] {
  return only(objects, 'Deployment').spec.template.spec.containers[0].args;
}
