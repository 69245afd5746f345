/** What an administrator allows: in the configuration of the operator, by admission policies, and for /metrics. */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { AUTH_PERMISSIONS, rulesOf } from '../../scripts/generate/rbac.ts';
import { createAuthority } from '../support/certificates.ts';
import { temporaryFolder } from '../support/lifetime.ts';
import { eventually, runCommand } from '../support/processes.ts';
import { type Ground, IMAGE, installCrd, type Operator, openGround } from './operator-fixtures.ts';
import { condition, configMap, furnish, reasonOf, sqliteMigration } from './operator-resources.ts';
import { describeCluster } from './suite.ts';
import { openRoom, type Room } from './workdir.ts';

const POLICIES = join(import.meta.dirname, '../../deploy/samples/policies');
const TABLE = { '1_a.sql': '-- migrate:up\nCREATE TABLE a (id integer);\n-- migrate:down\nDROP TABLE a;\n' };
const commandEnv = (more: object) => ({
  migrations: { command: { image: 'registry.example/app:1', command: ['migrate'], ...more } },
});
const env = (valueFrom: object) => ({ runner: { env: [{ name: 'X', valueFrom }] } });

/** What the samples and the operator below refuse, and the words that both answers have in common. */
const OUTSIDE: [title: string, spec: object, field: RegExp][] = [
  ['an image of another registry', { runner: { image: 'evil.example/runner:1' } }, /spec\.runner\.image/],
  ['an image whose name only looks alike', { runner: { image: 'registry.example.evil/x' } }, /spec\.runner\.image/],
  [
    'migrations in an image of another registry',
    { migrations: { image: { reference: 'evil.example/m:1' } } },
    /spec\.migrations\.image\.reference/,
  ],
  [
    'a command in an image of another registry',
    { migrations: { command: { image: 'evil.example/app:1', command: ['migrate'] } } },
    /spec\.migrations\.command\.image/,
  ],
  [
    'a Secret of another application in the environment of a command',
    commandEnv({ envFrom: [{ secretRef: { name: 'root-token' } }] }),
    /spec\.migrations\.command\.envFrom/,
  ],
  [
    'a key of such a Secret in the environment of a command',
    commandEnv({ env: [{ name: 'X', valueFrom: { secretKeyRef: { name: 'root-token', key: 'k' } } }] }),
    /spec\.migrations\.command\.env\b/,
  ],
  ['another service account', { runner: { serviceAccountName: 'admin' } }, /spec\.runner\.serviceAccountName/],
  ['a priority class', { runner: { priorityClassName: 'system-node-critical' } }, /spec\.runner\.priorityClassName/],
  ['a Secret of somebody else in env', env({ secretKeyRef: { name: 'root-token', key: 'k' } }), /spec\.runner\.env/],
  ['a ConfigMap of somebody else in env', env({ configMapKeyRef: { name: 'c', key: 'k' } }), /spec\.runner\.env/],
  ['a source of an unknown kind', env({ fileKeyRef: { path: 'p', key: 'k', volumeName: 'v' } }), /spec\.runner\.env/],
  [
    'the Secret of somebody else as its URL',
    { database: { urlFrom: { secretKeyRef: { name: 'root-token', key: 'k' } } } },
    /spec\.database\.urlFrom/,
  ],
  [
    'the Secret of somebody else as credentials of an object store',
    { backup: { objectStore: { bucket: 'backups', credentialsFrom: { secretRef: { name: 'root-token' } } } } },
    /objectStore\.credentialsFrom/,
  ],
  [
    'the Secret of somebody else as the identity of backups',
    {
      backup: {
        volume: { claimName: 'backups' },
        encryption: {
          recipients: ['age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kdew45rzs8kmzyr'],
          identityFrom: { secretKeyRef: { name: 'root-token', key: 'k' } },
        },
      },
    },
    /encryption\.identityFrom/,
  ],
];

const SQLITE = { sqlite: { volume: { claimName: 'bot' }, path: 'x.db' } };
const BUCKET = { bucket: 'backups', credentialsFrom: { secretRef: { name: 'root-token' } } };
const VOLUME = { volume: { claimName: 'backups' } };
const RESTORE = { database: SQLITE, from: { latest: true }, confirm: 'x.db' };

/** The same of the kinds for backups. */
const TASKS_OUTSIDE: [kind: string, spec: object, field: RegExp][] = [
  ['DatabaseBackup', { database: SQLITE, ...VOLUME, runner: { image: 'evil.example/x' } }, /spec\.runner\.image/],
  ['DatabaseBackup', { database: SQLITE, objectStore: BUCKET }, /objectStore\.credentialsFrom/],
  [
    'DatabaseBackupSchedule',
    { schedule: '* * * * *', database: SQLITE, ...VOLUME, runner: { serviceAccountName: 'admin' } },
    /spec\.runner\.serviceAccountName/,
  ],
  [
    'DatabaseRestore',
    { ...RESTORE, ...VOLUME, database: { urlFrom: { secretKeyRef: { name: 'root-token', key: 'k' } } } },
    /spec\.database\.urlFrom/,
  ],
];
const taskOf = (kind: string, name: string, spec: object) => ({
  apiVersion: 'db-manager.dev/v1alpha1',
  kind,
  metadata: { name },
  spec,
});

const INSIDE: [title: string, spec: object][] = [
  ['nothing special', {}],
  ['an image of the registry', { runner: { image: 'registry.example/runner:1' } }],
  ['the account for migrations', { runner: { serviceAccountName: 'migrations' } }],
  ['a Secret of a database in env', env({ secretKeyRef: { name: 'shop-database', key: 'k' } })],
  ['a field of the pod in env', env({ fieldRef: { fieldPath: 'metadata.name' } })],
];

interface Stalled {
  status?: { conditions?: { type: string; reason: string; message: string }[] };
}

describeCluster('deploy/samples/policies on a real API server', (cluster) => {
  let room: Room;
  before(async function () {
    this.timeout(60_000);
    await installCrd(cluster());
    room = await openRoom(cluster(), 'policies');
    await cluster().mustKubectl(['label', 'namespace', room.namespace, 'db-manager.dev/policies=enforced']);
    await cluster().mustKubectl(['apply', `--filename=${POLICIES}`]);
    // The API server reads new policies after a moment.
    const [, image] = OUTSIDE[0] ?? [];
    const at = OUTSIDE.findIndex(([title]) => title === 'another service account');
    await eventually('the policies to be enforced', async () => {
      const answers = await Promise.all(
        [image, ...OUTSIDE.slice(at, at + 3).map(([, spec]) => spec)].map((spec) => dryRun(spec ?? {})),
      );
      return answers.every(({ code }) => code !== 0);
    });
  });

  const dryRun = (spec: object) => dryRunOf(sqliteMigration('x', spec));
  const dryRunOf = (object: object) =>
    cluster().kubectl(['apply', '--dry-run=server', `--namespace=${room.namespace}`, '--filename=-'], {
      input: JSON.stringify(object),
    });

  for (const [title, spec, field] of OUTSIDE) {
    it(`deny ${title}`, async () => {
      const { code, stderr } = await dryRun(spec);
      assert.equal(code, 1, stderr);
      assert.match(stderr, /ValidatingAdmissionPolicy 'db-manager-/);
      assert.match(stderr, field);
    });
  }
  for (const [kind, spec, field] of TASKS_OUTSIDE) {
    it(`deny a ${kind} with another ${field.source.replaceAll('\\', '')}`, async () => {
      const { code, stderr } = await dryRunOf(taskOf(kind, 'x', spec));
      assert.equal(code, 1, stderr);
      assert.match(stderr, field);
    });
  }
  it('allow the kinds for backups inside of them', async () => {
    const objectStore = { bucket: 'backups', credentialsFrom: { secretRef: { name: 'shop-backups' } } };
    for (const object of [
      taskOf('DatabaseBackup', 'x', { database: SQLITE, objectStore }),
      taskOf('DatabaseRestore', 'x', { ...RESTORE, ...VOLUME }),
    ]) {
      const { code, stderr } = await dryRunOf(object);
      assert.equal(code, 0, stderr);
    }
  });
  for (const [title, spec] of INSIDE) {
    it(`allow ${title}`, async () => {
      const { code, stderr } = await dryRun(spec);
      assert.equal(code, 0, stderr);
    });
  }

  it('apply to labelled namespaces only, and name their file', async () => {
    await cluster().mustKubectl(['label', 'namespace', room.namespace, 'db-manager.dev/policies-']);
    await eventually('the namespace to be free', async () => (await dryRun(OUTSIDE[0]?.[1] ?? {})).code === 0);
    for (const file of await readdir(POLICIES)) {
      const [policy, binding] = parseAllDocuments(await readFile(join(POLICIES, file), 'utf8')).map((each) =>
        each.toJS(),
      );
      assert.equal(policy.metadata.name, `db-manager-${file.replace('.yaml', '')}`);
      assert.equal(binding.spec.policyName, policy.metadata.name);
    }
  });
});

describeCluster('the sample policy for production on a real API server', (cluster) => {
  let room: Room;
  const GOOD = { approval: 'Manual' };
  const DIGEST = `sha256:${'0'.repeat(64)}`;

  before(async function () {
    this.timeout(60_000);
    await installCrd(cluster());
    room = await openRoom(cluster(), 'production');
    await cluster().mustKubectl(['label', 'namespace', room.namespace, 'db-manager.dev/environment=production']);
    await cluster().mustKubectl(['apply', `--filename=${join(POLICIES, 'production.yaml')}`]);
    await room.run('create', 'role', 'edit', '--verb=get,create,patch,update', '--resource=databasemigrations');
    await room.run('create', 'rolebinding', 'edit', '--role=edit', '--user=developer', '--user=approver');
    const page = await readFile(join(POLICIES, 'production.yaml'), 'utf8');
    const command = /kubectl (create role approver .*)/.exec(page)?.[1] ?? '';
    await room.run(...command.split(' '));
    await room.run('create', 'rolebinding', 'approver', '--role=approver', '--user=approver');
    await eventually('the policy to be enforced', async () => (await apply({})).code !== 0);
  });

  const apply = (spec: object, user = 'developer', more: string[] = ['--dry-run=server']) =>
    cluster().kubectl(['apply', ...more, `--as=${user}`, `--namespace=${room.namespace}`, '--filename=-'], {
      input: JSON.stringify(sqliteMigration('x', spec)),
    });

  for (const [title, spec, field] of [
    ['no approval', {}, /spec\.approval must be Manual/],
    ['approval on findings only', { approval: 'OnFindings' }, /spec\.approval must be Manual/],
    ['no backup', { ...GOOD, backup: { mode: 'Disabled' } }, /spec\.backup\.mode must be Enabled/],
    ['no rehearsal', { ...GOOD, safety: { rehearsal: 'Disabled' } }, /spec\.safety\.rehearsal must not be Disabled/],
    ['rules that only warn', { ...GOOD, safety: { mode: 'Warn' } }, /spec\.safety\.mode must be Enforce/],
    ['a plan that is approved from the start', { ...GOOD, approvedPlan: DIGEST }, /permission approve/],
  ] as [string, object, RegExp][]) {
    it(`denies ${title}`, async () => {
      const { code, stderr } = await apply(spec);
      assert.equal(code, 1, stderr);
      assert.match(stderr, field);
    });
  }

  it('lets an approver approve, and anyone else change what is not the approval', async () => {
    const real: string[] = [];
    assert.equal((await apply(GOOD, 'developer', real)).code, 0);
    const refused = await apply({ ...GOOD, approvedPlan: DIGEST }, 'developer', real);
    assert.match(refused.stderr, /permission approve/);
    const approved = await apply({ ...GOOD, approvedPlan: DIGEST }, 'approver', real);
    assert.equal(approved.code, 0, approved.stderr);
    const suspended = await apply({ ...GOOD, approvedPlan: DIGEST, suspend: true }, 'developer', real);
    assert.equal(suspended.code, 0, suspended.stderr);
    const other = await apply({ ...GOOD, approvedPlan: DIGEST.replace('0', '1') }, 'developer', real);
    assert.match(other.stderr, /permission approve/);
  });
});

describeCluster('the bounds of an operator', (cluster) => {
  let ground: Ground;
  let operator: Operator;
  before(async () => {
    ground = await openGround(cluster(), 'bounds');
    await furnish(ground);
    operator = await ground.startOperator({
      allowedImages: ['registry.example/*'],
      allowedServiceAccounts: ['default', 'migrations'],
      allowedSources: ['secret/*-database', 'configmap/*-database'],
      allowedPriorityClasses: [],
    });
  });
  after(() => operator?.stop());

  it('stall a resource outside of them without a Job, and name the field and the flag', async () => {
    const resources = OUTSIDE.map(([, spec], index) => sqliteMigration(`outside-${index}`, spec));
    await ground.apply(configMap('outside', TABLE), ...resources);
    for (const [index, [title, , field]] of OUTSIDE.entries()) {
      const name = `outside-${index}`;
      const stalled = await ground.resourceWhen(name, title, (each) => reasonOf(each) === 'NotAllowed');
      assert.match(condition(stalled, 'Stalled')?.message ?? '', field);
      assert.match(condition(stalled, 'Stalled')?.message ?? '', /which the operator does not allow \(--allowed-/);
    }
    assert.deepEqual(await ground.jobs(), []);
  });

  it('stall backups, schedules and restores outside of them without a Job', async () => {
    await ground.apply(...TASKS_OUTSIDE.map(([kind, spec], index) => taskOf(kind, `outside-${index}`, spec)));
    for (const [index, [kind, , field]] of TASKS_OUTSIDE.entries()) {
      const stalled = await eventually(`${kind} ${index} to be stalled`, async () => {
        const { status } = JSON.parse(await ground.run('get', kind, `outside-${index}`, '--output=json')) as Stalled;
        return status?.conditions?.find(({ type, reason }) => type === 'Stalled' && reason === 'NotAllowed');
      });
      assert.match(stalled.message, field);
      assert.match(stalled.message, /which the operator does not allow \(--allowed-/);
    }
    assert.deepEqual(await ground.jobs(), []);
    assert.equal(JSON.parse(await ground.run('get', 'dbb', '--output=json')).items.length, 2, 'none of the schedule');
  });

  it('let a resource inside of them run, with the image of the operator named or not', async () => {
    await ground.apply(
      configMap('plain', TABLE),
      configMap('named', TABLE),
      sqliteMigration('plain'),
      sqliteMigration('named', { runner: { image: IMAGE } }),
    );
    await ground.waitFor('plain', 'Ready', 90);
    await ground.waitFor('named', 'Ready', 90);
  });
});

describeCluster('/metrics with a token and TLS', (cluster) => {
  it('serves callers with permission, refuses all others, and always serves the kubelet', async function () {
    this.timeout(120_000);
    const ground = await openGround(cluster(), 'metrics');
    const { namespace } = ground;
    const rule = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole' };
    const bind = (name: string, rules: object[], account: string) => [
      { ...rule, metadata: { name: `${namespace}-${name}` }, rules },
      {
        ...rule,
        kind: 'ClusterRoleBinding',
        metadata: { name: `${namespace}-${name}` },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: `${namespace}-${name}` },
        subjects: [{ kind: 'ServiceAccount', name: account, namespace }],
      },
    ];
    await ground.run('create', 'serviceaccount', 'prometheus');
    const items = [
      ...bind('auth', rulesOf(AUTH_PERMISSIONS), 'db-manager-operator'),
      ...bind('reader', [{ nonResourceURLs: ['/metrics'], verbs: ['get'] }], 'prometheus'),
    ];
    await cluster().mustKubectl(['apply', '--filename=-'], {
      input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
    });
    const folder = await temporaryFolder('metrics-tls');
    const authority = await createAuthority(folder);
    const { certFile, keyFile } = await authority.issue({
      name: 'metrics',
      commonName: 'metrics',
      hosts: ['127.0.0.1'],
    });
    const operator = await ground.startOperator({
      metricsAuth: true,
      metricsCertFile: certFile,
      metricsKeyFile: keyFile,
    });
    try {
      const address = operator.probes.replace('http:', 'https:');
      const ask = async (path: string, token?: string) => {
        const header = token === undefined ? [] : ['--header', `Authorization: Bearer ${token}`];
        const { stdout } = await runCommand('curl', [
          '--silent',
          '--cacert',
          authority.certFile,
          ...header,
          '--write-out',
          '\n%{http_code}',
          `${address}${path}`,
        ]);
        return { code: stdout.split('\n').at(-1), text: stdout };
      };
      const tokenOf = async (account: string) => (await ground.run('create', 'token', account)).trim();
      assert.equal((await ask('/healthz')).code, '200');
      assert.equal((await ask('/metrics')).code, '401');
      assert.equal((await ask('/metrics', 'not-a-token')).code, '401');
      assert.equal((await ask('/metrics', await tokenOf('default'))).code, '403');
      const { code, text } = await ask('/metrics', await tokenOf('prometheus'));
      assert.equal(code, '200');
      assert.match(text, /db_manager_/);
      assert.doesNotMatch(await operator.log(), /not-a-token/);
      const plain = await fetch(`${operator.probes}/metrics`).then(
        ({ status }) => status,
        () => 'refused',
      );
      assert.notEqual(plain, 200);
    } finally {
      await operator.stop();
      await cluster().kubectl(['delete', 'clusterrole,clusterrolebinding', `${namespace}-auth`, `${namespace}-reader`]);
    }
  });
});
