import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dbManager, type Output } from '../cli/process.ts';
import { temporaryFolder } from '../support/lifetime.ts';
import { type Ground, type Operator, openGround } from './operator-fixtures.ts';
import { configMap, furnish, LEDGER, sqliteMigration } from './operator-resources.ts';
import { describeCluster } from './suite.ts';

describeCluster('db-manager apply, status and approve', (cluster) => {
  let ground: Ground;
  let operator: Operator;
  let folder: string;
  before(async () => {
    ground = await openGround(cluster(), 'commands');
    await furnish(ground);
    operator = await ground.startOperator();
    folder = await temporaryFolder('manifests');
  });
  after(() => operator?.stop());

  const run = (...args: string[]): Promise<Output> =>
    dbManager([...args, '-n', ground.namespace], { KUBECONFIG: ground.controlPlane.kubeconfig });

  async function apply(resource: { metadata: { name: string } }, ...args: string[]): Promise<Output> {
    const file = join(folder, `${resource.metadata.name}.json`);
    await writeFile(file, JSON.stringify(resource));
    return run('apply', '-f', file, ...args);
  }

  it('apply --wait follows a run to Ready, and a second one is Ready immediately', async () => {
    await ground.apply(configMap('good', LEDGER));
    const { code, stdout, stderr } = await apply(sqliteMigration('good'), '--wait', '--timeout', '60');
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /✓ BackedUp|✓ Applied/);
    assert.match(stdout, /Ready +True +Migrated/);
    const again = await apply(sqliteMigration('good'), '--wait', '--json');
    assert.equal(again.code, 0, again.stderr);
    assert.equal(JSON.parse(again.stdout).status.currentRevision, '2_orders');
  });

  it('apply --wait ends with the reason of a run that failed; applied again, it is tried again', async () => {
    await ground.apply(
      configMap('bad', { ...LEDGER, '3_bad.sql': '-- migrate:up\nINSERT INTO nowhere VALUES (1);\n' }),
    );
    const first = await apply(sqliteMigration('bad'), '--wait', '--timeout', '60');
    assert.equal(first.code, 4, first.stdout + first.stderr);
    assert.match(first.stdout, /RehearsalFailed: no such table: nowhere/);
    assert.match(first.stdout, /INSERT INTO nowhere/);
    const before = (await ground.resource('bad')).status?.run?.id;
    const second = await apply(sqliteMigration('bad'), '--wait', '--timeout', '60');
    assert.equal(second.code, 4, second.stdout + second.stderr);
    assert.notEqual((await ground.resource('bad')).status?.run?.id, before);
  });

  it('apply --wait reports on timeout what it still waits for', async () => {
    const { code, stderr } = await apply(sqliteMigration('late'), '--wait', '--timeout', '3');
    assert.equal(code, 1, stderr);
    assert.match(
      stderr,
      /DeadlineExceeded: late did not finish within 3 s \(ReferenceNotFound.*db-manager status late/,
    );
  });

  it('status shows the details of one, and a line for each', async () => {
    const one = await run('status', 'good');
    assert.equal(one.code, 0, one.stderr);
    assert.match(one.stdout, /Ready +True +Migrated/);
    const all = await run('status');
    assert.match(all.stdout, /good +2_orders +0 +True/);
    assert.equal((await run('status', 'bad')).code, 4);
    const json = JSON.parse((await run('status', '--json')).stdout);
    assert.ok(json.items.length >= 2);
  });

  it('approve shows the plan that waits, and lets exactly that one run', async () => {
    await ground.apply(configMap('asks', LEDGER));
    const waits = await apply(sqliteMigration('asks', { approval: 'Manual' }), '--wait', '--timeout', '60');
    assert.equal(waits.code, 4, waits.stdout + waits.stderr);
    assert.match(waits.stdout, /AwaitingApproval/);
    const unasked = await run('approve', 'asks');
    assert.equal(unasked.code, 4);
    assert.match(unasked.stdout, /asks would apply:\n {2}1_ledger\n {2}2_orders/);
    assert.match(
      unasked.stderr,
      /Cancelled: Approve exactly this plan .*not an interactive terminal\. Use --yes to skip the confirmation/,
    );
    const approved = await run('approve', 'asks', '--yes');
    assert.equal(approved.code, 0, approved.stderr);
    await ground.waitFor('asks', 'Ready');
    const nothing = await run('approve', 'asks', '--yes');
    assert.equal(nothing.code, 4);
    assert.match(nothing.stderr, /asks has no plan that awaits approval/);
  });

  it('report a missing resource and an unreachable cluster', async () => {
    const gone = await run('status', 'nobody');
    assert.equal(gone.code, 2);
    assert.match(gone.stderr, /DatabaseMigration nobody was not found in namespace/);
    const config = join(folder, 'nowhere');
    const nowhere = { server: 'https://127.0.0.1:1', 'insecure-skip-tls-verify': true };
    await writeFile(
      config,
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [{ name: 'x', cluster: nowhere }],
        users: [{ name: 'x', user: {} }],
        contexts: [{ name: 'x', context: { cluster: 'x', user: 'x' } }],
        'current-context': 'x',
      }),
    );
    const { code, stderr } = await dbManager(['status'], { KUBECONFIG: config });
    assert.equal(code, 1);
    assert.match(stderr, /ApiServerUnreachable: .*API server cannot be reached/m);
  });
});
