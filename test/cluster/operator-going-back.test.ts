/** A release goes back to an older image: what Argo CD, Flux or kubectl apply is the older ConfigMap. */
import assert from 'node:assert/strict';
import type { RunRecord } from '../../src/core/model/run-record.ts';
import { COMPATIBLE, INCOMPATIBLE, VERSION_1 } from '../library/going-back-fixtures.ts';
import { type Ground, type Operator, openGround } from './operator-fixtures.ts';
import { condition, configMap, furnish, migration, postgresDatabase, reasonOf } from './operator-resources.ts';
import { describeCluster } from './suite.ts';

/** Policy, version 2, the reason of Ready, and what is in the history afterwards. */
const CASES: [policy: string | undefined, version2: Record<string, string>, reason: string, applied: number][] = [
  [undefined, COMPATIBLE, 'AheadOfFiles', 2],
  ['Accept', INCOMPATIBLE, 'IncompatibleMigration', 2],
  ['Refuse', COMPATIBLE, 'MissingMigration', 2],
  ['Refuse', INCOMPATIBLE, 'MissingMigration', 2],
  ['Downgrade', INCOMPATIBLE, 'Reverted', 1],
];

describeCluster('an older version under the operator', (cluster) => {
  let ground: Ground;
  let operator: Operator;

  before(async () => {
    ground = await openGround(cluster(), 'older');
    await furnish(ground);
    operator = await ground.startOperator();
  });
  after(() => operator?.stop());

  /** As a tool that applies manifests does: server-side, under its own name. */
  const sync = (manager: string, ...objects: object[]) =>
    ground.controlPlane.mustKubectl(
      ['apply', '--server-side', `--field-manager=${manager}`, `--namespace=${ground.namespace}`, '--filename=-'],
      { input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }) },
    );

  const version = (name: string, spec: object, files: Record<string, string>, number: number) => {
    const source = `${name}-${number}`;
    return [configMap(source, files), migration(name, { ...spec, migrations: { configMaps: [{ name: source }] } })];
  };

  it('is accepted, refused or reverted by the policy, as Argo CD and Flux apply the older commit', async function () {
    this.timeout(240_000);
    const rooms = await Promise.all(
      CASES.map(async ([policy, version2, reason, applied], index) => {
        const { spec, rows } = await postgresDatabase('older');
        const name = `older-${index}`;
        const wanted = policy === undefined ? spec : { ...spec, unknownApplied: policy };
        const ignore = { safety: { ignore: ['drop-column'], rehearsalServer: 'SameServer' } };
        return { name, spec: { ...wanted, ...ignore }, rows, version2, reason, applied };
      }),
    );
    const manager = (index: number) => (index % 2 === 0 ? 'argocd-controller' : 'kustomize-controller');
    for (const [index, { name, spec, version2 }] of rooms.entries())
      await sync(manager(index), ...version(name, spec, version2, 2));
    for (const { name } of rooms) await ground.waitFor(name, 'Ready', 120);
    for (const { rows } of rooms) await rows("INSERT INTO orders (id, customer) VALUES (1, 'a')");
    for (const [index, { name, spec }] of rooms.entries())
      await sync(manager(index), ...version(name, spec, VERSION_1, 1));
    for (const { name, rows, reason, applied } of rooms) {
      const now = await ground.resourceWhen(name, reason, (each) => reasonOf(each) === reason, 120);
      const isReady = reason === 'AheadOfFiles' || reason === 'Reverted';
      assert.equal(condition(now, 'Ready')?.status, isReady ? 'True' : 'False');
      // Argo CD shows Degraded and kstatus Failed where it is Stalled.
      assert.equal(condition(now, 'Stalled')?.status, isReady ? undefined : 'True');
      assert.equal((await rows('SELECT 1 FROM db_manager_history')).length, applied);
      const columns = await rows("SELECT 1 FROM information_schema.columns WHERE table_name = 'orders'");
      if (reason === 'Reverted') assert.equal(columns.length, 3, 'the column is back');
      if (reason === 'IncompatibleMigration')
        assert.match(condition(now, 'Ready')?.message ?? '', /drops the column orders\.note: ALTER TABLE orders/);
    }
  });

  it('waits for an approval of the rows that a downgrade loses; the run names who approved it', async function () {
    this.timeout(360_000);
    const { spec: database, rows } = await postgresDatabase('older');
    const safety = { ignore: ['int-primary-key'], rehearsalServer: 'SameServer' };
    const spec = { ...database, unknownApplied: 'Downgrade', approval: 'OnFindings', safety };
    await sync('argocd-controller', ...version('rows', spec, COMPATIBLE, 2));
    await ground.waitFor('rows', 'Ready', 90);
    await rows("INSERT INTO orders (id, customer) VALUES (1, 'a')");
    await sync('argocd-controller', ...version('rows', spec, VERSION_1, 1));
    const waiting = await ground.resourceWhen(
      'rows',
      'to be approved',
      (each) => reasonOf(each) === 'AwaitingApproval',
      90,
    );
    assert.match(condition(waiting, 'Ready')?.message ?? '', /orders\.state/);
    assert.equal((await rows('SELECT 1 FROM db_manager_history')).length, 2);
    const patch = JSON.stringify({ spec: { approvedPlan: waiting.status?.plan?.digest } });
    await ground.run('patch', 'dbm', 'rows', '--type=merge', `--patch=${patch}`, '--field-manager=night-shift');
    await ground.resourceWhen('rows', 'reverted', (each) => reasonOf(each) === 'Reverted', 90);
    const [{ detail } = { detail: '' }] = await rows(
      'SELECT detail FROM db_manager_runs ORDER BY sequence DESC LIMIT 1',
    );
    const record = JSON.parse(String(detail)) as RunRecord;
    assert.equal(record.resource, `${ground.namespace}/rows`);
    assert.match(record.startedBy, /^pod\/rows-/);
    assert.match(record.approved?.[0]?.by ?? '', /^night-shift at \d{4}-.*Z, spec\.approvedPlan of .*\/rows$/);
  });
});
