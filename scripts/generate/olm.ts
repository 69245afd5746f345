import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { GROUP, VERSION } from '../../src/core/model/resource.ts';
import { customResourceDefinitions } from './crd.ts';
import { LEASE_PERMISSIONS, PERMISSIONS, rulesOf } from './rbac.ts';

const ROOT = join(import.meta.dirname, '../..');
const YAML = { version: '1.1', lineWidth: 120, aliasDuplicateObjects: false } as const;
const NAME = 'db-manager';
const ACCOUNT = 'db-manager-operator';
const SOURCE = 'https://github.com/db-manager/db-manager';

const ABOUT: Record<string, string> = {
  DatabaseMigration: 'Migrates a database: checks, backs up, rehearses on a restored copy, applies and verifies.',
  DatabaseBackup: 'One backup of a database.',
  DatabaseBackupSchedule: 'Backups of a database by a schedule.',
  DatabaseRestore: 'Replaces the content of a database with a backup.',
};
const EXAMPLES = ['sqlite', 'backup', 'backup-schedule', 'restore'];

/**
 * The bundle for the Operator Lifecycle Manager. The image is `db-manager:VERSION`; the release replaces it by the pushed
 * one. The permissions are those of deploy/rbac: OLM grants them in the namespaces of the OperatorGroup only.
 */
export function olmFiles(note: string): { path: string; text: string }[] {
  const document = (value: object) => `# ${note}\n${stringify(value, YAML)}`;
  const definitions = customResourceDefinitions();
  return [
    { path: `deploy/olm/manifests/${NAME}.clusterserviceversion.yaml`, text: document(clusterServiceVersion()) },
    ...definitions.map((definition) => ({
      path: `deploy/olm/manifests/${definition.metadata.name}.crd.yaml`,
      text: document(definition),
    })),
    { path: 'deploy/olm/metadata/annotations.yaml', text: document({ annotations: labels() }) },
    { path: 'deploy/olm/bundle.Dockerfile', text: dockerfile(note) },
  ];
}

function clusterServiceVersion() {
  const { version } = JSON.parse(read('package.json')) as { version: string };
  const image = `${NAME}:${version}`;
  return {
    apiVersion: 'operators.coreos.com/v1alpha1',
    kind: 'ClusterServiceVersion',
    metadata: {
      name: `${NAME}.v${version}`,
      // As operator-sdk writes it: OLM installs in the namespace of the OperatorGroup.
      namespace: 'placeholder',
      annotations: {
        'alm-examples': JSON.stringify(
          EXAMPLES.map((name) => parse(read(`deploy/samples/${name}.yaml`))),
          undefined,
          2,
        ),
        capabilities: 'Full Lifecycle',
        categories: 'Database',
        containerImage: image,
        description: 'Database migrations with a backup, and a rehearsal on a restored copy, before each change.',
        repository: SOURCE,
        support: `${SOURCE}/issues`,
      },
    },
    spec: {
      displayName: NAME,
      description: [
        'The operator runs a Job for each `DatabaseMigration` that is due. A run checks the plan, takes a backup, rehearses the',
        'plan on a copy restored from that backup, applies it and verifies the result. PostgreSQL and SQLite are supported.',
        '',
        `Documentation: ${SOURCE}/tree/main/docs`,
      ].join('\n'),
      version,
      maturity: 'alpha',
      minKubeVersion: '1.29.0',
      keywords: ['database', 'migration', 'postgresql', 'sqlite', 'backup'],
      // No maintainers: they need an address, and the project is reached through its repository (provider, links).
      provider: { name: NAME, url: SOURCE },
      links: [{ name: 'Source', url: SOURCE }],
      icon: [{ base64data: Buffer.from(read('docs/images/icon.svg')).toString('base64'), mediatype: 'image/svg+xml' }],
      installModes: ['OwnNamespace', 'SingleNamespace', 'MultiNamespace', 'AllNamespaces'].map((type) => ({
        type,
        supported: true,
      })),
      customresourcedefinitions: {
        owned: customResourceDefinitions().map(({ metadata, spec }) => ({
          name: metadata.name,
          kind: spec.names.kind,
          version: VERSION,
          displayName: spec.names.kind.replace(/(?<=[a-z])(?=[A-Z])/g, ' '),
          description: ABOUT[spec.names.kind] ?? `A resource of ${GROUP}.`,
        })),
      },
      install: {
        strategy: 'deployment',
        spec: {
          permissions: [{ serviceAccountName: ACCOUNT, rules: rulesOf([...PERMISSIONS, ...LEASE_PERMISSIONS]) }],
          deployments: [{ name: ACCOUNT, spec: deploymentSpec(image) }],
        },
      },
    },
  };
}

/** That of deploy/base, for the namespaces of the OperatorGroup: an empty list is the whole cluster. */
function deploymentSpec(image: string) {
  const { spec } = parse(read('deploy/base/deployment.yaml'));
  const [container] = spec.template.spec.containers;
  container.image = image;
  container.args = ['operator', `--runner-image=${image}`, '--namespaces=$(WATCH_NAMESPACES)'];
  container.env = [
    {
      name: 'WATCH_NAMESPACES',
      valueFrom: { fieldRef: { fieldPath: "metadata.annotations['olm.targetNamespaces']" } },
    },
  ];
  return spec;
}

function labels(): Record<string, string> {
  const prefix = 'operators.operatorframework.io.bundle';
  return {
    [`${prefix}.mediatype.v1`]: 'registry+v1',
    [`${prefix}.manifests.v1`]: 'manifests/',
    [`${prefix}.metadata.v1`]: 'metadata/',
    [`${prefix}.package.v1`]: NAME,
    [`${prefix}.channels.v1`]: 'alpha',
    [`${prefix}.channel.default.v1`]: 'alpha',
  };
}

function dockerfile(note: string): string {
  const lines = Object.entries(labels()).map(([name, value]) => `LABEL ${name}=${value}`);
  return [`# ${note}`, 'FROM scratch', ...lines, 'COPY manifests /manifests/', 'COPY metadata /metadata/', ''].join(
    '\n',
  );
}

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}
