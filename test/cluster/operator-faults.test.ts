import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { DIALECTS } from '../support/databases.ts';
import { type Ground, type Operator, openGround } from './operator-fixtures.ts';
import {
  condition,
  configMap,
  furnish,
  LEDGER,
  migration,
  postgresDatabase,
  slow,
  sqliteLedger,
  sqliteMigration,
} from './operator-resources.ts';
import { describeCluster } from './suite.ts';

const WHOLE = ['1_ledger', '2_orders', '3_slow', '4_last'];
const LAST = { '4_last.sql': "-- migrate:up\nINSERT INTO ledger VALUES ('4_last');\n-- migrate:down\nSELECT 1;\n" };

describeCluster('the operator and its runs, when one of them is killed', (cluster) => {
  let ground: Ground;
  let operator: Operator;

  before(async () => {
    ground = await openGround(cluster(), 'faults');
    await furnish(ground);
    operator = await ground.startOperator();
  });
  after(() => operator?.stop());

  /** A resource whose third migration takes some seconds, at that moment of its run. */
  async function midApply(name: string, dialect: (typeof DIALECTS)[number]) {
    // The rehearsal would be slow too; what is killed here is the apply step.
    const spec = { safety: { rehearsal: 'Disabled' }, validation: { after: 'Disabled' } };
    const files = { ...LEDGER, ...slow('3_slow', dialect), ...LAST };
    let ledger = () => sqliteLedger(ground, name);
    if (dialect === 'sqlite') await ground.apply(configMap(name, files), sqliteMigration(name, spec));
    else {
      const database = await postgresDatabase('faults');
      await ground.apply(configMap(name, files), migration(name, { ...database.spec, ...spec }));
      ledger = async () =>
        (await database.rows('SELECT migration FROM ledger ORDER BY 1')).map((row) => String(row.migration));
    }
    const resource = await ground.resourceWhen(name, 'applying', ({ status }) => status?.run?.step === 'apply', 60);
    return { ledger, run: resource.status?.run?.id ?? '' };
  }

  for (const dialect of DIALECTS) {
    it(`ends the same when the operator is killed in the middle of a run and starts again (${dialect})`, async function () {
      this.timeout(120_000);
      const name = `orphan-${dialect}`;
      const { ledger, run } = await midApply(name, dialect);
      await operator.stop('SIGKILL');
      operator = await ground.startOperator();
      await ground.waitFor(name, 'Ready');
      const { status } = await ground.resource(name);
      assert.equal(status?.run?.id, run, 'it is the run that was under way');
      assert.deepEqual(
        status?.history?.map(({ reason }) => reason),
        ['Migrated'],
      );
      assert.deepEqual(await ledger(), WHOLE);
      const reasons = await ground.run(
        'get',
        'events',
        `--field-selector=involvedObject.name=${name}`,
        '--output=jsonpath={.items[*].reason}',
      );
      assert.deepEqual(reasons.split(' ').sort(), ['Migrated', 'Running'], 'each event is told once');
    });

    it(`continues from the history when a runner is killed in the middle of the apply step (${dialect})`, async function () {
      this.timeout(120_000);
      const name = `killed-${dialect}`;
      const { ledger, run } = await midApply(name, dialect);
      const pod = await ground.podOf(run);
      ground.agent.killProcess({ namespace: ground.namespace, name: pod.metadata?.name ?? '' }, 'SIGKILL');
      await ground.waitFor(name, 'Ready');
      const { status } = await ground.resource(name);
      assert.equal(status?.run?.attempt, 2);
      assert.deepEqual(
        status?.history?.map(({ reason }) => reason),
        ['Migrated', 'RunLost'],
      );
      assert.deepEqual(await ledger(), WHOLE, 'no migration ran twice and none is lost');
    });
  }

  it('records the end of a run whose resource was deleted during the run, and keeps its backup', async () => {
    const { ledger } = await midApply('deleted', 'sqlite');
    await ground.run('delete', 'dbm', 'deleted', '--wait=false');
    await ground.run('wait', '--for=delete', 'dbm/deleted', '--timeout=40s');
    assert.deepEqual(await ledger(), WHOLE, 'the migration was not cut off');
    const events = await ground.run('get', 'events', '--field-selector=involvedObject.name=deleted');
    assert.match(events, /Migrated .*4_last\. Backup: backup_/);
    const folder = await ground.agent.claimFolder({ namespace: ground.namespace, name: 'backups' });
    assert.equal(
      (await readdir(`${folder}/${ground.namespace}/deleted`)).filter((file) => file.endsWith('.db')).length,
      1,
    );
  });

  it('runs again when the Job is deleted by hand', async () => {
    const { ledger, run } = await midApply('by-hand', 'sqlite');
    await ground.run('delete', 'job', run, '--wait=false');
    await ground.waitFor('by-hand', 'Ready');
    const resource = await ground.resource('by-hand');
    assert.equal(
      condition(resource, 'Ready')?.reason === 'Migrated' || condition(resource, 'Ready')?.reason === 'UpToDate',
      true,
    );
    assert.deepEqual(await ledger(), WHOLE);
  });
});
