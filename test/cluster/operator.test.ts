import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { TEST_PASSWORD } from '../support/postgres.ts';
import { type Ground, type Operator, openGround } from './operator-fixtures.ts';
import {
  condition,
  configMap,
  furnish,
  LEDGER,
  migration,
  postgresDatabase,
  reasonOf,
  sqliteLedger,
  sqliteMigration,
} from './operator-resources.ts';
import { describeCluster } from './suite.ts';

describeCluster('the operator', (cluster) => {
  let ground: Ground;
  let operator: Operator;
  let claims: (name: string) => Promise<string>;

  before(async () => {
    ground = await openGround(cluster(), 'operator');
    claims = (name) => ground.agent.claimFolder({ namespace: ground.namespace, name });
    await furnish(ground);
    operator = await ground.startOperator();
  });
  after(() => operator?.stop());

  it('migrates a SQLite database, and kubectl shows it', async () => {
    await ground.apply(configMap('trading', LEDGER), sqliteMigration('trading'));
    await ground.waitFor('trading', 'Ready');
    const table = await ground.run('get', 'dbm', 'trading');
    assert.match(
      table,
      /NAME +REVISION +PENDING +READY +STATUS +BACKUP +AGE\ntrading +2_orders +0 +True +Migrated +backup_\d{8}_\d{6}\.db/,
    );
    const resource = await ground.resource('trading');
    assert.deepEqual(
      resource.status?.conditions?.map(({ type, status }) => `${type}=${status}`),
      ['Reachable', 'Planned', 'Safe', 'BackedUp', 'Rehearsed', 'Applied', 'Verified', 'Ready'].map(
        (type) => `${type}=True`,
      ),
    );
    assert.equal(resource.status?.backup?.verifiedBy, 'Rehearsal');
    assert.deepEqual(await sqliteLedger(ground, 'trading'), ['1_ledger', '2_orders']);
    const backups = join(await claims('backups'), ground.namespace, 'trading');
    assert.ok((await readdir(backups)).includes(resource.status?.backup?.name ?? ''));
    assert.deepEqual(resource.metadata.finalizers, undefined, 'nothing is held when no run is under way');
  });

  it('migrates a PostgreSQL database, and kubectl describe shows revision, backup, checks and events', async () => {
    const database = await postgresDatabase('operator');
    await ground.apply(configMap('exchange', LEDGER), migration('exchange', database.spec));
    await ground.waitFor('exchange', 'Ready');
    const story = await ground.run('describe', 'dbm', 'exchange');
    assert.match(story, /Current Revision: +2_orders/);
    assert.match(story, /Backup:\n +Name: +backup_/);
    assert.match(story, /Checks:\n/);
    assert.match(story, /Normal +Running .*Attempt 1 started: Job exchange-/);
    assert.match(story, /Normal +Migrated .*2 migrations applied; the database is at 2_orders\. Backup: backup_/);
    assert.deepEqual(await database.rows('SELECT migration FROM ledger ORDER BY 1'), [
      { migration: '1_ledger' },
      { migration: '2_orders' },
    ]);
  });

  it('writes nothing and starts nothing when the same is applied again', async () => {
    const before = await ground.resource('trading');
    const jobs = (await ground.jobs()).length;
    await ground.apply(configMap('trading', LEDGER), sqliteMigration('trading'));
    await sleep(1_500);
    const after = await ground.resource('trading');
    assert.equal(after.metadata.resourceVersion, before.metadata.resourceVersion);
    assert.equal((await ground.jobs()).length, jobs);
  });

  it('runs what was added to a ConfigMap', async () => {
    const added = {
      '3_note.sql':
        '-- migrate:up\nALTER TABLE orders ADD COLUMN note text;\n-- migrate:down\nALTER TABLE orders DROP COLUMN note;\n',
    };
    await ground.apply(configMap('trading', { ...LEDGER, ...added }));
    const resource = await ground.resourceWhen(
      'trading',
      'at 3_note',
      ({ status }) => status?.currentRevision === '3_note',
    );
    assert.equal(resource.status?.history?.length, 2);
    assert.equal(resource.status?.history?.[0]?.from, '2_orders');
    await ground.waitFor('trading', 'Ready');
  });

  it('reports which statement failed, keeps what committed, and does not retry', async () => {
    const broken =
      "-- migrate:up\nINSERT INTO ledger VALUES ('3_broken');\nINSERT INTO nowhere VALUES (1);\n-- migrate:down\nSELECT 1;\n";
    const spec = { safety: { rehearsal: 'Disabled' } };
    await ground.apply(configMap('broken', { ...LEDGER, '3_broken.sql': broken }), sqliteMigration('broken', spec));
    const resource = await ground.resourceWhen('broken', 'failed', (each) => reasonOf(each) === 'MigrationFailed', 60);
    assert.equal(condition(resource, 'Ready')?.status, 'False');
    assert.equal(condition(resource, 'Stalled')?.reason, 'MigrationFailed');
    assert.equal(condition(resource, 'Applied')?.reason, 'MigrationFailed');
    const { failure, currentRevision, pending } = resource.status ?? {};
    assert.equal(failure?.migration, '3_broken');
    assert.match(failure?.statement ?? '', /INSERT INTO nowhere/);
    assert.match(failure?.message ?? '', /no such table: nowhere/);
    assert.deepEqual([currentRevision, pending], ['2_orders', 1]);
    assert.deepEqual(await sqliteLedger(ground, 'broken'), ['1_ledger', '2_orders']);
    assert.match(await ground.run('describe', 'dbm', 'broken'), /Warning +MigrationFailed .*no such table: nowhere/);
    const jobs = (await ground.jobs()).length;
    await sleep(2_500);
    assert.equal((await ground.jobs()).length, jobs);
  });

  it('keeps a failing migration away from production when the rehearsal meets it first', async () => {
    const broken = '-- migrate:up\nINSERT INTO nowhere VALUES (1);\n-- migrate:down\nSELECT 1;\n';
    await ground.apply(configMap('rehearsed', { ...LEDGER, '3_broken.sql': broken }), sqliteMigration('rehearsed'));
    const resource = await ground.resourceWhen(
      'rehearsed',
      'stopped',
      (each) => reasonOf(each) === 'RehearsalFailed',
      60,
    );
    assert.equal(condition(resource, 'BackedUp')?.status, 'True');
    assert.equal(condition(resource, 'Rehearsed')?.status, 'False');
    assert.equal(condition(resource, 'Applied')?.status, 'Unknown');
    assert.equal(resource.status?.currentRevision, 'base');
  });

  it('keeps why a run failed after its Job and its pod were deleted', async () => {
    const before = await ground.resource('broken');
    await ground.run('delete', 'job', before.status?.run?.job ?? '', '--wait');
    await sleep(1_000);
    const after = await ground.resource('broken');
    assert.deepEqual(after.status, before.status);
  });

  it('ends each kind of bad input in its own reason', async () => {
    const wrongPassword = await postgresDatabase('wrong');
    const { postgres } = wrongPassword.spec.database;
    await ground.apply(
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'wrong' }, stringData: { password: 'not-the-password' } },
      configMap('some', LEDGER),
      configMap('syntax', {
        ...LEDGER,
        '3_x.sql': '-- migrate:up\nCREATE TABEL x (id int);\n-- migrate:down\nSELECT 1;\n',
      }),
      migration('password', {
        migrations: { configMaps: [{ name: 'some' }] },
        retry: { limit: 0 },
        database: { postgres: { ...postgres, passwordFrom: { secretKeyRef: { name: 'wrong', key: 'password' } } } },
      }),
      migration('unreachable', {
        migrations: { configMaps: [{ name: 'some' }] },
        retry: { limit: 0 },
        timeouts: { connect: '1s' },
        database: { postgres: { ...postgres, port: 1 } },
      }),
      sqliteMigration('folder', { migrations: { volume: { claimName: 'bot', path: 'no/such/folder' } } }),
      sqliteMigration('syntax', { safety: { rehearsal: 'Disabled' } }),
    );
    const expected = {
      password: 'AuthenticationFailed',
      unreachable: 'DatabaseUnreachable',
      folder: 'MigrationsNotFound',
      syntax: 'MigrationFailed',
    };
    for (const [name, reason] of Object.entries(expected)) {
      const resource = await ground.resourceWhen(
        name,
        reason,
        (each) => reasonOf(each) === reason && each.status?.run?.finishedAt !== undefined,
        20,
      );
      assert.equal(condition(resource, 'Ready')?.status, 'False', name);
    }
    const { status } = await ground.resource('syntax');
    assert.match(status?.failure?.statement ?? '', /CREATE TABEL/);
    assert.equal(status?.failure?.position?.line, 2);
  });

  it('meets Pod Security restricted with every pod', async () => {
    const dry = [
      'label',
      'namespace',
      ground.namespace,
      'pod-security.kubernetes.io/enforce=restricted',
      '--dry-run=server',
    ];
    const { stderr } = await cluster().kubectl([...dry, '--overwrite']);
    assert.doesNotMatch(stderr, /violate/);
    const pods = JSON.parse(await ground.run('get', 'pods', '--output=json')).items;
    assert.ok(pods.length > 3);
    for (const { spec } of pods) {
      assert.equal(spec.automountServiceAccountToken, false);
      assert.equal(spec.containers[0].securityContext.readOnlyRootFilesystem, true);
    }
  });

  it('lets no Secret value into a log, an event, a status or a Job', async () => {
    const everything = [
      await operator.log(),
      await ground.run('get', 'events,dbm,jobs,pods,configmaps', '--output=yaml'),
      ...(await Promise.all((await ground.jobs()).map(({ metadata }) => ground.run('logs', `job/${metadata.name}`)))),
    ].join('\n');
    assert.ok(everything.includes('"type":"report"'), 'the logs were really read');
    assert.ok(!everything.includes(TEST_PASSWORD), 'the test password was printed');
    assert.ok(!everything.includes('not-the-password'), 'the wrong password was printed');
  });

  it('may do what it does, and does what it may', async () => {
    const denied = (await operator.log()).split('\n').filter((line) => line.includes('forbidden'));
    assert.deepEqual(denied, []);
  });

  it('stops within two seconds when asked to', async () => {
    const began = performance.now();
    assert.deepEqual(await operator.stop(), { code: 0, signal: null });
    assert.ok(performance.now() - began < 2_000);
  });
});
