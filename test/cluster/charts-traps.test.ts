import assert from 'node:assert/strict';
import { casesFor } from '../support/sizes.ts';
import {
  applicationChart,
  type ChartsGround,
  NOTES,
  ORDERS,
  openChartsGround,
  openDatabase,
} from './charts-fixtures.ts';
import { describeCluster } from './suite.ts';

const WAIT = ['--wait', '--timeout=90s'];
const FIRST = { '1_orders.sql': ORDERS };
const BOTH = { ...FIRST, '2_notes.sql': NOTES };

describeCluster('the traps of migration hooks', (cluster) => {
  let ground: ChartsGround;
  before(async () => {
    ground = await openChartsGround(cluster(), 'traps');
  });
  const open = (name: string) => openDatabase(ground, name);
  const place = (name: string) => `--set=db-migration.spec.backup.volume.claimName=${name}-backups`;

  it('has the URL before the release has its Secret, and takes its own Secret away at the end', async () => {
    const database = await open('early');
    const chart = await applicationChart(FIRST);
    const url = ['--set=db-migration.spec.database=null', `--set=db-migration.database.url=${database.url}`];
    await ground.mustHelm('install', 'early', chart, place('early'), ...url, ...WAIT);
    assert.deepEqual(await database.columns(), ['id', 'symbol']);
    await ground.run('get', 'secret', 'early-db-migration-database');
    await ground.mustHelm('uninstall', 'early', ...WAIT);
    const left = await ground.run(
      'get',
      'secrets,configmaps',
      '--selector=app.kubernetes.io/instance=early',
      '--output=name',
    );
    assert.equal(left.trim(), '');
  });

  it('creates the other objects that the run needs first', async () => {
    const database = await open('given');
    const chart = await applicationChart(FIRST);
    const objects = [
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'given-copy' }, stringData: { url: database.url } },
    ];
    const ref = '--set-json=db-migration.spec.database.urlFrom.secretKeyRef.name="{{ .Release.Name }}-copy"';
    const given = `--set-json=db-migration.hookObjects=${JSON.stringify(objects)}`;
    await ground.mustHelm('install', 'given', chart, place('given'), ref, given, ...WAIT);
    assert.deepEqual(await database.columns(), ['id', 'symbol']);
  });

  for (const how of casesFor(['Resource', 'PostInstall'], 1)) {
    it(`migrates a database that is part of the release after the first install (${how}), then before upgrades`, async () => {
      const name = how.toLowerCase();
      const database = await open(name);
      const values = [
        place(name),
        `--set=ownDatabase=${database.url}`,
        `--set=db-migration.spec.database.urlFrom.secretKeyRef.name=${name}-own`,
        '--set=db-migration.database.inRelease=true',
        `--set=db-migration.database.firstInstall=${how}`,
      ];
      // A hook after the install would wait for an application that waits for the hook.
      const wait = how === 'Resource' ? WAIT : ['--timeout=90s'];
      await ground.mustHelm('install', name, await applicationChart(FIRST), ...values, ...wait);
      assert.deepEqual(await database.columns(), ['id', 'symbol']);
      await ground.run('rollout', 'status', `deployment/${name}`, '--timeout=60s');
      await ground.mustHelm('upgrade', name, await applicationChart(BOTH), ...values, ...WAIT);
      assert.deepEqual(await database.columns(), ['id', 'symbol', 'note']);
    });
  }

  it('keeps two releases in one namespace apart, also with names that only differ where they are cut', async () => {
    const names = ['a', 'b'].map((last) => `${'long-'.repeat(10)}${last}`);
    for (const name of names) {
      const database = await open(name);
      await ground.mustHelm(
        'install',
        name,
        await applicationChart(name.endsWith('a') ? FIRST : BOTH),
        place(name),
        `--set=db-migration.spec.database.urlFrom.secretKeyRef.name=${name}-database`,
        '--set=db-migration.keepJob=true',
        ...WAIT,
      );
      assert.equal((await database.columns()).length, name.endsWith('a') ? 2 : 3);
    }
    const jobs = (await ground.run('get', 'jobs', '--output=name')).trim().split('\n');
    const long = jobs.filter((job) => job.includes('long-'));
    assert.equal(new Set(long).size, 2);
    assert.ok(long.every((job) => job.length - 'job.batch/'.length <= 63));
  });

  it('reverts the database with a rollback if the values request it', async () => {
    const database = await open('back');
    const values = (target: string) => [
      place('back'),
      '--set=db-migration.spec.database.urlFrom.secretKeyRef.name=back-database',
      '--set=db-migration.rollback.downgrade=true',
      `--set=db-migration.spec.target=${target}`,
    ];
    await ground.mustHelm('install', 'back', await applicationChart(FIRST), ...values('1_orders'), ...WAIT);
    await ground.mustHelm('upgrade', 'back', await applicationChart(BOTH), ...values('2_notes'), ...WAIT);
    assert.deepEqual(await database.columns(), ['id', 'symbol', 'note']);
    await ground.mustHelm('rollback', 'back', '1', ...WAIT);
    assert.deepEqual(await database.columns(), ['id', 'symbol']);
  });

  it('brings the database back with a rollback from the history alone: the chart names no revision', async () => {
    const database = await open('alone');
    const values = [
      place('alone'),
      '--set=db-migration.spec.database.urlFrom.secretKeyRef.name=alone-database',
      '--set=db-migration.rollback.downgrade=true',
    ];
    await ground.mustHelm('install', 'alone', await applicationChart(FIRST), ...values, ...WAIT);
    await ground.mustHelm('upgrade', 'alone', await applicationChart(BOTH), ...values, ...WAIT);
    assert.deepEqual(await database.columns(), ['id', 'symbol', 'note']);
    await ground.mustHelm('rollback', 'alone', '1', ...WAIT);
    assert.deepEqual(await database.columns(), ['id', 'symbol']);
  });
});
