import assert from 'node:assert/strict';
import { targetFromRequest } from '../../src/cli/request-target.ts';
import { runRequestSchema } from '../../src/core/model/request.ts';
import { runIdentity } from '../../src/core/reconcile/inputs.ts';
import { backupClaim } from '../../src/operator/manifests/claim.ts';
import { runJob } from '../../src/operator/manifests/job.ts';
import { resource } from '../core/reconcile/reconcile-harness.ts';

const jobOf = (spec: object = {}, metadata: object = {}) => {
  const bot = resource(spec, metadata);
  return runJob(bot, runIdentity(bot, 'i', 1), { image: 'db-manager:1' });
};
const podOf = (spec: object = {}) => jobOf(spec).spec?.template.spec;
const containerOf = (spec: object = {}) => podOf(spec)?.containers[0];
const requestOf = (spec: object = {}) =>
  runRequestSchema.parse(
    JSON.parse(containerOf(spec)?.env?.find(({ name }) => name === 'DB_MANAGER_RUN_REQUEST')?.value ?? ''),
  );

const POSTGRES = {
  host: 'db',
  database: 'bot',
  user: 'bot',
  passwordFrom: { secretKeyRef: { name: 's', key: 'p' } },
  sslMode: 'verify-full',
  caFrom: { configMapKeyRef: { name: 'ca', key: 'ca.crt' } },
  keyFrom: { secretKeyRef: { name: 'tls', key: 'tls.key' } },
};

describe('the Job of a run', () => {
  it('leaves retries to the controller and ends automatically', () => {
    const { spec } = jobOf({ timeouts: { run: '1h' }, runner: { ttlAfterFinished: '90s' } });
    assert.equal(spec?.backoffLimit, 0);
    assert.equal(spec?.template.spec?.restartPolicy, 'Never');
    assert.equal(spec?.activeDeadlineSeconds, 3600 + 600);
    assert.equal(spec?.ttlSecondsAfterFinished, 90);
    assert.equal(jobOf({ timeouts: { run: '0s' } }).spec?.activeDeadlineSeconds, undefined);
  });

  it('belongs to its resource, so that it goes with it', () => {
    const [owner] = jobOf().metadata?.ownerReferences ?? [];
    assert.deepEqual(
      [owner?.kind, owner?.name, owner?.uid, owner?.controller],
      ['DatabaseMigration', 'bot', 'u-1', true],
    );
    assert.equal(owner?.blockOwnerDeletion, undefined, 'that would need a right on finalizers');
  });

  it('names the environment variable of a secret and never holds one', () => {
    const container = containerOf({ database: { postgres: POSTGRES } });
    const password = container?.env?.find(({ name }) => name === 'DATABASE_PASSWORD');
    assert.deepEqual(password?.valueFrom?.secretKeyRef, { name: 's', key: 'p' });
    const { database } = requestOf({ database: { postgres: POSTGRES } });
    assert.ok('postgres' in database);
    assert.equal(database.postgres.passwordVariable, 'DATABASE_PASSWORD');
    assert.equal(database.postgres.caFile, '/data/files/ca/ca.pem');
    assert.equal(database.postgres.keyFile, '/data/files/key/key.pem');
  });

  it('reads the login of the database again from a file that the kubelet renews', () => {
    for (const [database, name, ref] of [
      [{ postgres: POSTGRES }, 'DATABASE_PASSWORD', { name: 's', key: 'p' }],
      [{ urlFrom: { secretKeyRef: { name: 'u', key: 'url' } } }, 'DATABASE_URL', { name: 'u', key: 'url' }],
    ] as const) {
      const { env, volumeMounts } = containerOf({ database }) ?? {};
      assert.deepEqual(env?.find((each) => each.name === name)?.valueFrom?.secretKeyRef, ref);
      assert.equal(env?.find((each) => each.name === `${name}_FILE`)?.value, '/data/files/login/login');
      const mount = volumeMounts?.find((each) => each.name === 'login');
      assert.deepEqual([mount?.mountPath, mount?.readOnly], ['/data/files/login', true]);
      const secret = podOf({ database })?.volumes?.find((each) => each.name === 'login')?.secret;
      assert.deepEqual(secret?.items, [{ key: ref.key, path: 'login' }]);
      assert.equal(secret?.optional, true, 'the variable reports a missing Secret by its name');
    }
  });

  it('logs in with the identity of its pod if the resource requests it', () => {
    const { passwordFrom: _, ...rest } = POSTGRES;
    const database = { postgres: { ...rest, iam: { provider: 'RDS', region: 'eu-central-1' } } };
    const { database: wanted } = requestOf({ database });
    assert.deepEqual('postgres' in wanted && wanted.postgres.iam, { region: 'eu-central-1' });
    const target = targetFromRequest(requestOf({ database }), {});
    assert.deepEqual('login' in target && target.login, { kind: 'rds-iam', region: 'eu-central-1' });
    assert.equal(
      podOf({ database })?.volumes?.some(({ name }) => name === 'login'),
      false,
    );
  });

  it('does not let the variables of the user replace its own', () => {
    const env =
      containerOf({
        runner: {
          env: [
            { name: 'DB_MANAGER_RUN_REQUEST', value: 'x' },
            { name: 'TZ', value: 'UTC' },
          ],
        },
      })?.env ?? [];
    assert.equal(env.findLast(({ name }) => name === 'DB_MANAGER_RUN_REQUEST')?.value?.startsWith('{'), true);
    assert.ok(env.some(({ name }) => name === 'TZ'));
  });

  const sources: [title: string, migrations: object, volume: object | undefined, path: string][] = [
    [
      'ConfigMaps, projected into one folder',
      { configMaps: [{ name: 'a' }, { name: 'b' }] },
      { projected: { sources: [{ configMap: { name: 'a' } }, { configMap: { name: 'b' } }] } },
      '/migrations',
    ],
    [
      'an image volume',
      { image: { reference: 'r:1', path: '/db/migrations' } },
      { image: { reference: 'r:1' } },
      '/migrations/db/migrations',
    ],
    [
      'a claim',
      { volume: { claimName: 'c', path: 'm' } },
      { persistentVolumeClaim: { claimName: 'c', readOnly: true } },
      '/migrations/m',
    ],
    ['the runner image itself', { runnerImage: { path: '/app/migrations' } }, undefined, '/app/migrations'],
  ];
  for (const [title, migrations, volume, path] of sources) {
    it(`takes migrations from ${title}`, () => {
      const spec = { migrations, runner: { image: 'mine' } };
      const { name: _, ...found } = podOf(spec)?.volumes?.find(({ name }) => name === 'migrations') ?? { name: '' };
      assert.deepEqual(found, volume ?? {});
      assert.equal(requestOf(spec).migrations.path, path);
    });
  }

  it('finds models in the runner image, or from the migrations folder on', () => {
    assert.equal(requestOf({ models: { path: '/app/models' } }).models?.path, '/app/models');
    assert.equal(requestOf({ models: { path: '../models' } }).models?.path, '/models');
    assert.equal(requestOf({ models: { path: 'models' } }).models?.path, '/migrations/models');
  });

  it('keeps the backups of each resource apart, also on a shared claim', () => {
    assert.equal(requestOf().backup.folder, '/data/backups/trading/bot');
  });

  it('mounts nothing writable but the database, the backups and /tmp', () => {
    const writable = containerOf({
      database: { sqlite: { volume: { claimName: 'c' }, path: 'x' } },
    })?.volumeMounts?.filter(({ readOnly }) => readOnly !== true);
    assert.deepEqual(writable?.map(({ mountPath }) => mountPath).sort(), ['/data/backups', '/data/database', '/tmp']);
  });

  it('carries labels that are labels, however long the name is', () => {
    const { labels } = jobOf({}, { name: `x${'y'.repeat(250)}` }).metadata ?? {};
    for (const value of Object.values(labels ?? {})) assert.ok(value.length <= 63, value);
  });
});

describe('the claim for backups', () => {
  it('is made only where a size is given, and has no owner', () => {
    assert.equal(backupClaim(resource()), undefined);
    const made = backupClaim(resource({ backup: { volume: { size: '1Gi', storageClassName: 'fast' } } }));
    assert.equal(made?.metadata?.name, 'bot-backups');
    assert.equal(made?.metadata?.ownerReferences, undefined);
    assert.equal(made?.spec?.storageClassName, 'fast');
  });
});
