import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { LEASE_PERMISSIONS, PERMISSIONS } from '../../scripts/generate/rbac.ts';
import { TEST_PASSWORD } from '../support/postgres.ts';
import { eventually } from '../support/processes.ts';
import { type Ground, IMAGE, type Operator, openGround } from './operator-fixtures.ts';
import {
  condition,
  configMap,
  furnish,
  LEDGER,
  migration,
  postgresDatabase,
  reasonOf,
  secret,
  slow,
  sqliteLedger,
  sqliteMigration,
} from './operator-resources.ts';
import { describeCluster } from './suite.ts';

/** The permissions for the kinds of backups, which are tried in `kinds.test.ts`. */
const OF_BACKUP_KINDS = / database(?:backups|backupschedules|restores)(?:\/status)?$/;

describeCluster('the operator, when a run has to wait or cannot start', (cluster) => {
  let ground: Ground;
  let operator: Operator;

  before(async () => {
    ground = await openGround(cluster(), 'situations');
    await furnish(ground);
    operator = await ground.startOperator({ leaderElection: true });
    await eventually('the operator to lead', async () => (await operator.log()).includes('leader election won'));
  });
  after(() => operator?.stop());

  const told = async (name: string) =>
    (
      await ground.run(
        'get',
        'events',
        `--field-selector=involvedObject.name=${name}`,
        '--output=jsonpath={.items[*].reason}',
      )
    ).split(' ');
  const shown: { name: string; reason: string }[] = [];
  const shows = async (name: string, reason: string) => {
    const resource = await ground.resourceWhen(name, reason, (each) => reasonOf(each) === reason);
    shown.push({ name, reason });
    return resource;
  };

  it('waits for a ConfigMap that is missing, and starts when it comes', async () => {
    await ground.apply(sqliteMigration('source'));
    const resource = await shows('source', 'ReferenceNotFound');
    assert.match(condition(resource, 'Ready')?.message ?? '', /ConfigMap "source" does not exist/);
    assert.deepEqual(resource.metadata.finalizers, undefined);
    await ground.apply(configMap('source', LEDGER));
    await ground.waitFor('source', 'Ready');
    assert.deepEqual((await told('source')).sort(), ['Migrated', 'ReferenceNotFound', 'Running']);
  });

  it('reports a missing Secret, and continues when it exists', async () => {
    const { spec } = await postgresDatabase('situations');
    const passwordFrom = { secretKeyRef: { name: 'late', key: 'password' } };
    const database = { postgres: { ...spec.database.postgres, passwordFrom } };
    await ground.apply(configMap('late-secret', LEDGER), migration('late-secret', { database }));
    const resource = await shows('late-secret', 'ReferenceNotFound');
    assert.match(condition(resource, 'Ready')?.message ?? '', /secret "late" not found/);
    await ground.apply(secret('late', { password: TEST_PASSWORD }));
    await ground.waitFor('late-secret', 'Ready');
  });

  it('reports that the image cannot be pulled, and replaces the pod when the image is corrected', async () => {
    await ground.apply(configMap('image', LEDGER), sqliteMigration('image', { runner: { image: 'nowhere:none' } }));
    const resource = await shows('image', 'ImagePullFailed');
    assert.equal(condition(resource, 'Reconciling')?.status, 'True');
    await ground.apply(sqliteMigration('image', { runner: { image: IMAGE } }));
    await ground.waitFor('image', 'Ready');
    const { status } = await ground.resource('image');
    assert.equal(status?.history?.length, 1);
    assert.equal(status?.run?.attempt, 1);
  });

  it('reports a missing claim', async () => {
    const database = { sqlite: { volume: { claimName: 'not-there' }, path: 'x.db' } };
    await ground.apply(configMap('claimless', LEDGER), sqliteMigration('claimless', { database }));
    const resource = await shows('claimless', 'ReferenceNotFound');
    assert.match(condition(resource, 'Ready')?.message ?? '', /persistentvolumeclaim "not-there" not found/);
    await ground.run('delete', 'dbm', 'claimless', '--timeout=20s');
    await eventually(
      'its Job to be gone',
      async () => !(await ground.jobs()).some(({ metadata }) => metadata.name.startsWith('claimless')),
    );
  });

  it('runs two resources for one database one after the other', async () => {
    const { spec, rows } = await postgresDatabase('situations');
    const files = { ...LEDGER, ...slow('3_slow', 'postgres', 2) };
    const quick = { ...spec, safety: { rehearsal: 'Disabled' }, validation: { after: 'Disabled' } };
    const shared = { ...quick, migrations: { configMaps: [{ name: 'shared' }] } };
    await ground.apply(configMap('shared', files), migration('one', shared));
    await ground.resourceWhen('one', 'running', ({ status }) => status?.run?.job !== undefined);
    await ground.apply(migration('two', shared));
    const waiting = await shows('two', 'DatabaseInUse');
    assert.match(
      condition(waiting, 'Ready')?.message ?? '',
      /The DatabaseMigration one is already migrating this database/,
    );
    await ground.waitFor('one', 'Ready');
    await ground.waitFor('two', 'Ready');
    assert.equal(reasonOf(await ground.resource('two')), 'UpToDate');
    assert.equal((await rows('SELECT 1 FROM ledger')).length, 3);
  });

  it('runs a chain of dependencies in order, and refuses a circle', async () => {
    const uses = (name: string, ...dependsOn: string[]) =>
      sqliteMigration(name, {
        migrations: { configMaps: [{ name: 'chain' }] },
        dependsOn: dependsOn.map((each) => ({ name: each })),
      });
    await ground.apply(configMap('chain', LEDGER), uses('third', 'second'), uses('second', 'first'));
    assert.match(
      condition(await shows('second', 'WaitingForDependency'), 'Ready')?.message ?? '',
      /first must be Ready first: it does not exist/,
    );
    await ground.apply(uses('first'));
    await ground.waitFor('third', 'Ready');
    const ends = await Promise.all(
      ['first', 'second', 'third'].map(async (name) => (await ground.resource(name)).status?.run?.startedAt ?? ''),
    );
    assert.deepEqual(ends, [...ends].sort());
    await ground.apply(uses('round-a', 'round-b'), uses('round-b', 'round-a'));
    const circle = await shows('round-a', 'DependencyCycle');
    assert.equal(condition(circle, 'Stalled')?.status, 'True');
    assert.match(condition(circle, 'Ready')?.message ?? '', /round-a -> round-b -> round-a/);
  });

  it('is suspended, outside its window, and continues when it may', async () => {
    const now = new Date();
    const later = `${now.getUTCMinutes()} ${(now.getUTCHours() + 12) % 24} * * *`;
    const window = { cron: later, duration: '1h' };
    await ground.apply(configMap('held', LEDGER), sqliteMigration('held', { suspend: true, window }));
    await shows('held', 'Suspended');
    await ground.apply(sqliteMigration('held', { window }));
    assert.match(condition(await shows('held', 'OutsideWindow'), 'Ready')?.message ?? '', /window opens at \d{4}-/);
    await ground.apply(sqliteMigration('held', { window: { cron: '* * * * *', duration: '1m' } }));
    await ground.waitFor('held', 'Ready');
    assert.equal((await ground.resource('held')).status?.history?.length, 1);
  });

  it('completes a dry run and writes nothing to the database', async () => {
    await ground.apply(configMap('dry', LEDGER), sqliteMigration('dry'));
    await ground.waitFor('dry', 'Ready');
    const more = { '3_more.sql': "-- migrate:up\nINSERT INTO ledger VALUES ('3_more');\n-- migrate:down\nSELECT 1;\n" };
    await ground.apply(sqliteMigration('dry', { dryRun: true }), configMap('dry', { ...LEDGER, ...more }));
    const tried = await ground.resourceWhen('dry', 'tried', (each) => /^DryRun/.test(each.status?.summary ?? ''));
    assert.match(tried.status?.summary ?? '', /^DryRun: 1 to run/);
    assert.equal(tried.status?.pending, 1);
    await ground.waitFor('dry', 'Ready');
    assert.deepEqual(await sqliteLedger(ground, 'dry'), ['1_ledger', '2_orders']);
  });

  it('waits for the approval of a plan by its digest', async () => {
    await ground.apply(configMap('approve', LEDGER), sqliteMigration('approve', { approval: 'Manual' }));
    const waiting = await shows('approve', 'AwaitingApproval');
    const digest = waiting.status?.plan?.digest ?? '';
    assert.match(digest, /^sha256:/);
    const patch = JSON.stringify({ spec: { approvedPlan: digest } });
    await ground.run('patch', 'dbm', 'approve', '--type=merge', `--patch=${patch}`);
    await ground.waitFor('approve', 'Ready');
    assert.deepEqual(await sqliteLedger(ground, 'approve'), ['1_ledger', '2_orders']);
  });

  it('reports the message of a quota, and starts when it is lifted', async () => {
    const quota = {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'none' },
      spec: { hard: { pods: '0' } },
    };
    await ground.apply(quota, configMap('quota', LEDGER), sqliteMigration('quota'));
    const resource = await shows('quota', 'JobRefused');
    assert.match(condition(resource, 'Ready')?.message ?? '', /exceeded quota: none/);
    await ground.run('delete', 'resourcequota', 'none');
    await ground.waitFor('quota', 'Ready');
  }).timeout(120_000);

  it('reports the message of the API server when it refuses the Job itself', async () => {
    const quota = {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'jobs' },
      spec: { hard: { 'count/jobs.batch': '0' } },
    };
    await ground.apply(quota);
    await eventually(
      'the quota to be known',
      async () => (await ground.run('get', 'resourcequota', 'jobs', '--output=jsonpath={.status.hard}')) !== '',
    );
    await ground.apply(configMap('refused', LEDGER), sqliteMigration('refused'));
    const resource = await shows('refused', 'JobRefused');
    assert.match(condition(resource, 'Ready')?.message ?? '', /exceeded quota: jobs/);
    await ground.run('delete', 'resourcequota', 'jobs');
    await ground.waitFor('refused', 'Ready');
  });

  it('tries again after an eviction', async () => {
    const files = { ...LEDGER, ...slow('3_slow', 'sqlite') };
    const quick = { safety: { rehearsal: 'Disabled' }, validation: { after: 'Disabled' } };
    await ground.apply(configMap('evicted', files), sqliteMigration('evicted', quick));
    const { status } = await ground.resourceWhen('evicted', 'applying', (each) => each.status?.run?.step === 'apply');
    const pod = await ground.podOf(status?.run?.job ?? '');
    await ground.agent.evict({ namespace: ground.namespace, name: pod.metadata?.name ?? '' });
    await ground.waitFor('evicted', 'Ready');
    const after = await ground.resource('evicted');
    assert.deepEqual(
      after.status?.history?.map(({ reason }) => reason),
      ['Migrated', 'RunLost'],
    );
    assert.deepEqual(await sqliteLedger(ground, 'evicted'), ['1_ledger', '2_orders', '3_slow']);
  });

  it('makes the claim for backups that it is asked for, and leaves it when the resource goes', async () => {
    const backup = { volume: { size: '2Gi' } };
    await ground.apply(configMap('volume', LEDGER), sqliteMigration('volume', { backup }));
    await ground.waitFor('volume', 'Ready');
    await ground.run('delete', 'dbm', 'volume', '--timeout=20s');
    await sleep(500);
    const made = JSON.parse(await ground.run('get', 'pvc', 'volume-backups', '--output=json'));
    assert.equal(made.spec.resources.requests.storage, '2Gi');
    assert.equal(made.metadata.ownerReferences, undefined);
  });

  it('serves its probes and metrics', async () => {
    const answer = async (path: string) => (await fetch(`${operator.probes}${path}`)).text();
    assert.equal(await answer('/healthz'), 'ok\n');
    assert.equal(await answer('/readyz'), 'ok\n');
    const metrics = await answer('/metrics');
    assert.match(metrics, /db_manager_runs_total\{result="succeeded",reason="Migrated"\} \d+/);
    assert.match(metrics, /db_manager_leader 1/);
    assert.match(
      metrics,
      new RegExp(`db_manager_pending_migrations\\{namespace="${ground.namespace}",name="dry"\\} 1`),
    );
    assert.match(metrics, /db_manager_step_duration_seconds_count\{step="backup",kind="done"\} \d+/);
  });

  it('was refused nothing, and used every permission that it has, as the API server wrote down', async () => {
    // What only happens in a race: a Job that was made just before the operator was killed.
    const rare = new Set(['get jobs']);
    const requests = await cluster().audited(`system:serviceaccount:${ground.namespace}:db-manager-operator`);
    assert.deepEqual(
      requests.filter(({ allowed }) => !allowed).map(({ verb, path }) => `${verb} ${path}`),
      [],
    );
    const used = new Set(requests.map(({ verb, resource }) => `${verb} ${resource}`));
    const granted = [...PERMISSIONS, ...LEASE_PERMISSIONS].flatMap(({ verbs, resource }) =>
      verbs.map((verb) => `${verb} ${resource}`),
    );
    assert.deepEqual(
      granted.filter(
        (permission) => !used.has(permission) && !rare.has(permission) && !OF_BACKUP_KINDS.test(permission),
      ),
      [],
    );
    assert.deepEqual(
      [...used].filter((permission) => !granted.includes(permission)),
      [],
    );
  });

  it('reported every reason that it showed in an event as well', async () => {
    assert.ok(shown.length > 10);
    for (const { name, reason } of shown) assert.ok((await told(name)).includes(reason), `${name}: ${reason}`);
  });
});
