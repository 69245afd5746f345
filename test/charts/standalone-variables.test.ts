/** The pod of mode standalone gets from the cluster what the Job of the operator gets for the same resource. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { V1EnvVar } from '@kubernetes/client-node';
import { databaseMigrationSchema } from '../../src/core/model/resource.ts';
import { runIdentity } from '../../src/core/reconcile/inputs.ts';
import { runJob } from '../../src/operator/manifests/job.ts';
import { CHARTS, only, render } from './helm.ts';

const CHART = join(CHARTS, 'db-migration');
const RECIPIENT = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kdew45rzs8kmzyr';
const migrations = { image: { reference: 'shop:1', path: '/migrations' } };
const url = { urlFrom: { secretKeyRef: { name: 'shop', key: 'url' } } };
const objectStore = { bucket: 'backups', prefix: 'shop', credentialsFrom: { secretRef: { name: 'store' } } };
const SPECS: Record<string, { database: object; backup: object } & Record<string, object>> = {
  'an object store': { database: url, backup: { objectStore } },
  'the identity of the pod': { database: url, backup: { objectStore: { bucket: 'backups' } } },
  'encrypted backups on a volume': {
    database: url,
    backup: {
      volume: { claimName: 'backups' },
      encryption: { recipients: [RECIPIENT], identityFrom: { secretKeyRef: { name: 'identity', key: 'key' } } },
    },
  },
  'a SQLite file': {
    database: { sqlite: { volume: { claimName: 'data' }, path: 'shop/app.db' } },
    backup: { objectStore },
  },
  'a password and a server for rehearsals': {
    database: {
      postgres: { host: 'db', database: 'shop', user: 'app', passwordFrom: { secretKeyRef: { name: 's', key: 'p' } } },
    },
    backup: { volume: { claimName: 'backups' } },
    safety: { rehearsalServerUrlFrom: { secretKeyRef: { name: 'rehearsal', key: 'url' } } },
  },
};

const podOf = async (spec: object) =>
  only(await render('shop', CHART, { mode: 'standalone', spec: { migrations, ...spec } }), 'Job').spec.template.spec;

describe('the variables of a pod in mode standalone', () => {
  for (const [what, spec] of Object.entries(SPECS)) {
    it(`are those of the operator's Job: ${what}`, async () => {
      const resource = databaseMigrationSchema.parse({
        apiVersion: 'db-manager.dev/v1alpha1',
        kind: 'DatabaseMigration',
        metadata: { name: 'shop', namespace: 'team', uid: 'u' },
        spec: { migrations, ...spec },
      });
      const job = runJob(resource, runIdentity(resource, 'i', 1), { image: 'db-manager:1' });
      const given = (env: readonly V1EnvVar[] = []) =>
        env
          .filter(({ name, valueFrom }) => valueFrom?.secretKeyRef !== undefined || name.endsWith('_IDENTITY'))
          .sort((a, b) => a.name.localeCompare(b.name));
      const wanted = given(job.spec?.template.spec?.containers[0]?.env);
      assert.deepEqual(given((await podOf(spec)).containers[0].env), wanted);
    });
  }

  for (const kind of ['configMapKeyRef', 'secretKeyRef'] as const) {
    it(`trust the authority of an object store from a ${kind}`, async () => {
      const caFrom = { [kind]: { name: 'authority', key: 'ca.crt' } };
      const { containers, volumes } = await podOf({
        database: url,
        backup: { objectStore: { ...objectStore, caFrom } },
      });
      const { env, volumeMounts } = containers[0];
      const { value } = env.find(({ name }: V1EnvVar) => name === 'NODE_EXTRA_CA_CERTS');
      assert.equal(value, '/etc/backups-ca/ca.pem');
      assert.deepEqual(
        volumeMounts.filter(({ name }: { name: string }) => name === 'backups-ca'),
        [{ name: 'backups-ca', mountPath: '/etc/backups-ca', readOnly: true }],
      );
      const [{ configMap, secret }] = volumes.filter(({ name }: { name: string }) => name === 'backups-ca');
      assert.deepEqual((configMap ?? secret).items, [{ key: 'ca.crt', path: 'ca.pem' }]);
      assert.equal(configMap?.name ?? secret.secretName, 'authority');
    });
  }
});
