import { stringify } from 'yaml';
import { GROUP, PLURAL } from '../../src/core/model/resource.ts';
import { KINDS } from '../../src/kinds/index.ts';

/** One permission of the operator, and what it is for. */
export interface Permission {
  group: string;
  resource: string;
  verbs: string[];
  why: string;
}

/** Optional: the chart leaves it out with `rbac.secrets=false`. */
export const SECRETS: Permission = {
  group: '',
  resource: 'secrets',
  verbs: ['get'],
  why: 'Restart after a Secret was fixed: metadata only. Read the endpoint of spec.notify. Optional.',
};

/** Needed in every namespace that the operator watches. */
export const PERMISSIONS: Permission[] = [
  { group: GROUP, resource: PLURAL, verbs: ['list', 'watch'], why: 'Read the resources.' },
  { group: GROUP, resource: PLURAL, verbs: ['patch'], why: 'Set the finalizer while a run is in progress.' },
  { group: GROUP, resource: `${PLURAL}/status`, verbs: ['patch'], why: 'Write the result.' },
  ...KINDS.flatMap(({ plural }): Permission[] => [
    { group: GROUP, resource: plural, verbs: ['list', 'watch'], why: 'Read the resources.' },
    { group: GROUP, resource: `${plural}/status`, verbs: ['patch'], why: 'Write the result.' },
  ]),
  { group: GROUP, resource: 'databasebackups', verbs: ['create'], why: 'The backups of a schedule.' },
  { group: GROUP, resource: 'databasebackups', verbs: ['delete'], why: 'Finished ones beyond spec.history.' },
  { group: 'batch', resource: 'jobs', verbs: ['list', 'watch', 'create'], why: 'One Job per run.' },
  { group: 'batch', resource: 'jobs', verbs: ['get'], why: 'Find a Job that was created just before a restart.' },
  { group: 'batch', resource: 'jobs', verbs: ['delete'], why: 'Replace a Job whose pod has not started.' },
  { group: '', resource: 'pods', verbs: ['list', 'watch'], why: 'See why a pod does not start, or how it ended.' },
  { group: '', resource: 'pods/log', verbs: ['get'], why: 'Read steps and reports from the log.' },
  {
    group: '',
    resource: 'configmaps',
    verbs: ['list', 'watch'],
    why: 'Read names and versions; contents are not requested.',
  },
  {
    group: '',
    resource: 'persistentvolumeclaims',
    verbs: ['create'],
    why: 'Create the backup volumes that resources request.',
  },
  {
    group: '',
    resource: 'persistentvolumeclaims',
    verbs: ['get'],
    why: 'Restart after a claim was fixed; only metadata is requested.',
  },
  { group: '', resource: 'events', verbs: ['create'], why: 'Report transitions.' },
  { group: '', resource: 'events', verbs: ['list'], why: 'Report why a Job gets no pod, for example a quota.' },
  SECRETS,
];

/** Needed in the operator's own namespace only. */
export const LEASE_PERMISSIONS: Permission[] = [
  { group: 'coordination.k8s.io', resource: 'leases', verbs: ['get', 'create', 'update'], why: 'Leader election.' },
];

/** Cluster-wide, and only with `--metrics-auth` or `--dashboard-port`. */
export const AUTH_PERMISSIONS: Permission[] = [
  { group: 'authentication.k8s.io', resource: 'tokenreviews', verbs: ['create'], why: 'Who the caller is.' },
  {
    group: 'authorization.k8s.io',
    resource: 'subjectaccessreviews',
    verbs: ['create'],
    why: 'Whether that user may `get` the URL.',
  },
];

const NAME = 'db-manager-operator';
const OWN_NAMESPACE = 'db-manager';

/** Files of `deploy/rbac`: cluster-wide, and `namespaced/` for one namespace without any cluster-wide permission. */
export function rbacFiles(note: string): { path: string; text: string }[] {
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: NAME, namespace: OWN_NAMESPACE } };
  const lease = role('Role', `${NAME}-lease`, LEASE_PERMISSIONS, OWN_NAMESPACE);
  const subjects = [{ kind: 'ServiceAccount', name: NAME, namespace: OWN_NAMESPACE }];
  const clusterWide = [
    account,
    role('ClusterRole', NAME, PERMISSIONS),
    binding('ClusterRole', NAME, subjects),
    lease,
    binding('Role', `${NAME}-lease`, subjects, OWN_NAMESPACE),
  ];
  const namespaced = [role('Role', NAME, PERMISSIONS), binding('Role', NAME, subjects)];
  return [
    { path: 'deploy/rbac/rbac.yaml', text: documents(note, clusterWide) },
    { path: 'deploy/rbac/kustomization.yaml', text: kustomization(note, ['rbac.yaml']) },
    {
      path: 'deploy/overlays/namespaced/account.yaml',
      text: documents(note, [account, lease, binding('Role', `${NAME}-lease`, subjects, OWN_NAMESPACE)]),
    },
    { path: 'deploy/rbac/namespaced/rbac.yaml', text: documents(note, namespaced) },
    { path: 'deploy/rbac/namespaced/kustomization.yaml', text: kustomization(note, ['rbac.yaml']) },
    { path: 'docs/operations/rbac.md', text: page(note) },
  ];
}

function role(kind: 'Role' | 'ClusterRole', name: string, permissions: Permission[], namespace?: string) {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind,
    metadata: { name, ...(namespace && { namespace }) },
    rules: rulesOf(permissions),
  };
}

/** Permissions as the rules of a Role. */
export function rulesOf(permissions: Permission[]): { apiGroups: string[]; resources: string[]; verbs: string[] }[] {
  return merged(permissions).map(({ group, resource, verbs }) => ({
    apiGroups: [group],
    resources: [resource],
    verbs,
  }));
}

/** One rule a resource, with all that is done with it. */
function merged(permissions: Permission[]): Permission[] {
  const rules = new Map<string, Permission>();
  for (const permission of permissions) {
    const key = `${permission.group}/${permission.resource}`;
    const known = rules.get(key);
    rules.set(key, { ...permission, verbs: [...new Set([...(known?.verbs ?? []), ...permission.verbs])] });
  }
  return [...rules.values()];
}

function binding(kind: 'Role' | 'ClusterRole', name: string, subjects: object[], namespace?: string) {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: `${kind}Binding`,
    metadata: { name, ...(namespace && { namespace }) },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name },
    subjects,
  };
}

function kustomization(note: string, resources: string[]): string {
  return documents(note, [{ apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', resources }]);
}

function documents(note: string, objects: object[]): string {
  return `# ${note}\n${objects.map((object) => stringify(object, { lineWidth: 120 })).join('---\n')}`;
}

function page(note: string): string {
  const rows = (permissions: Permission[]) =>
    permissions.map(
      ({ group, resource, verbs, why }) =>
        `| \`${group === '' ? 'core' : group}\` | \`${resource}\` | ${verbs.join(', ')} | ${why} |`,
    );
  const head = ['| Group | Resource | Verbs | Purpose |', '| --- | --- | --- | --- |'];
  return [
    `<!-- ${note} -->`,
    '# Permissions of the operator',
    '',
    'This page lists all permissions of the operator. A test checks that each is used and that no other is needed. The',
    'kubelet puts the values of Secrets into the pod of a run, and that pod has no service account token.',
    '',
    'After `RetryLimitReached` the operator compares the versions of the Secrets that the resource names, with `get` and',
    'metadata only. With `--notify-hosts` it also reads the two Secrets of `spec.notify`. It reads no other value, and cannot',
    'list or watch Secrets. RBAC cannot grant metadata alone, so `get` allows more than it uses.',
    'Who may create Jobs in a namespace can mount every Secret in it, so `get` adds no new access there. To leave it out:',
    '`rbac.secrets=false` in the chart. A corrected Secret then starts nothing until the resource is annotated with',
    '`db-manager.dev/retry`, and no notification is sent.',
    '',
    '## In each watched namespace',
    '',
    ...head,
    ...rows(PERMISSIONS),
    '',
    '`deploy/rbac` grants them cluster-wide, `deploy/rbac/namespaced` in one namespace (`--namespaces`).',
    '',
    '## In its own namespace',
    '',
    ...head,
    ...rows(LEASE_PERMISSIONS),
    '',
    '## Cluster-wide, with `--metrics-auth` or `--dashboard-port`',
    '',
    ...head,
    ...rows(AUTH_PERMISSIONS),
    '',
    'The chart adds them with `metrics.auth.enabled` and `dashboard.enabled`. Who reads the metrics needs `get` on the',
    'non-resource URL `/metrics`; who opens the [dashboard](dashboard.md) needs it on `/dashboard`. The dashboard reads and',
    'approves with the token of its reader, so the operator needs nothing else for it.',
    '',
  ].join('\n');
}
