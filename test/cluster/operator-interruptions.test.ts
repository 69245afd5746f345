import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { eventually } from '../support/processes.ts';
import { startAgent } from './agent.ts';
import { type Ground, IMAGES, type Operator, openGround } from './operator-ground.ts';
import {
  condition,
  configMap,
  furnish,
  LEDGER,
  migration,
  postgresDatabase,
  reasonOf,
  slow,
  sqliteLedger,
  sqliteMigration,
} from './operator-resources.ts';
import { type CuttingProxy, cuttingProxy } from './storm/cutting-proxy.ts';
import { describeCluster } from './suite.ts';

describeCluster('the operator, when its connection, its token or its node is lost', (cluster) => {
  let ground: Ground;
  let operator: Operator;
  let proxy: CuttingProxy;
  let kubeconfig: string;

  before(async () => {
    ground = await openGround(cluster(), 'interruptions');
    await furnish(ground);
    kubeconfig = await tokenKubeconfig('first');
    proxy = await cuttingProxy(kubeconfig);
    operator = await ground.startOperator({ kubeconfig: proxy.kubeconfig });
  });
  after(async () => {
    await operator?.stop();
    await proxy?.close();
  });

  const account = { serviceAccount: 'db-manager-operator' };
  /** Of a token that lives as long as the Secret `bond-<name>` does. */
  async function tokenKubeconfig(name: string): Promise<string> {
    const { namespace } = ground;
    await ground.run('create', 'secret', 'generic', `bond-${name}`);
    const bound = ['--bound-object-kind=Secret', `--bound-object-name=bond-${name}`];
    const token = (await ground.run('create', 'token', account.serviceAccount, ...bound)).trim();
    const file = await cluster().kubeconfigFor({ ...account, namespace });
    const config = JSON.parse(await readFile(file, 'utf8'));
    config.users[0].user.token = token;
    await writeFile(file, JSON.stringify(config), { mode: 0o600 });
    return file;
  }
  const requests = async (pattern: RegExp) => {
    const text = await (await fetch(`${operator.probes}/metrics`)).text();
    const lines = text
      .split('\n')
      .filter((line) => line.startsWith('db_manager_api_requests_total') && pattern.test(line));
    return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  };
  const LISTS = /verb="list",resource="databasemigrations",code="200"/;

  it('reads everything anew when its place in the history is Gone, and knows what came and went meanwhile', async () => {
    await ground.apply(
      configMap('stays', LEDGER),
      sqliteMigration('stays'),
      sqliteMigration('goes', { suspend: true }),
    );
    await ground.waitFor('stays', 'Ready');
    await ground.resourceWhen(
      'goes',
      'suspended',
      (each) => reasonOf(each) === 'SourceNotFound' || reasonOf(each) === 'Suspended',
    );
    const before = await requests(LISTS);
    proxy.refuse();
    await ground.run('delete', 'dbm', 'goes');
    await ground.apply(configMap('comes', LEDGER), sqliteMigration('comes'));
    await cluster().stopApiServer();
    await cluster().compact();
    await cluster().startApiServer();
    proxy.admit();
    await ground.waitFor('comes', 'Ready', 60);
    assert.ok((await requests(LISTS)) > before, 'it was listed again');
    const metrics = await (await fetch(`${operator.probes}/metrics`)).text();
    assert.doesNotMatch(metrics, /name="goes"/);
    assert.match(metrics, /db_manager_ready\{namespace="[^"]+",name="comes"\} 1/);
    assert.equal((await ground.resource('stays')).status?.history?.length, 1);
  }).timeout(170_000);

  it('takes up a new token when its own is worth nothing any more', async () => {
    await ground.run('delete', 'secret', 'bond-first');
    proxy.cut();
    await eventually('the old token to be refused', async () => (await requests(/code="401"/)) > 0, {
      timeoutMs: 60_000,
      everyMs: 500,
    });
    await ground.apply(configMap('token', LEDGER), sqliteMigration('token'));
    const fresh = JSON.parse(await readFile(await tokenKubeconfig('second'), 'utf8'));
    const config = JSON.parse(await readFile(proxy.kubeconfig, 'utf8'));
    await writeFile(proxy.kubeconfig, JSON.stringify({ ...config, users: fresh.users }));
    await ground.waitFor('token', 'Ready', 60);
    assert.ok(operator.isRunning());
  }).timeout(170_000);

  it('tries again after a pause that grows, gives up at the limit, and begins anew when it is asked to as the message says', async () => {
    const { spec, name } = await postgresDatabase('interruptions');
    const database = { postgres: { ...spec.database.postgres, port: 1 } };
    const retry = { limit: 2, backoff: '1s', maxBackoff: '10s' };
    await ground.apply(
      configMap('limit', LEDGER),
      migration('limit', { database, retry, timeouts: { connect: '1s' } }),
    );
    const stalled = await ground.resourceWhen(
      'limit',
      'given up',
      (each) => condition(each, 'Stalled') !== undefined,
      60,
    );
    assert.ok(name);
    assert.equal(condition(stalled, 'Stalled')?.reason, 'RetryLimitReached');
    assert.equal(reasonOf(stalled), 'DatabaseUnreachable');
    const runs = [...(stalled.status?.history ?? [])].reverse();
    assert.equal(runs.length, 3);
    const pauses = runs
      .slice(1)
      .map((run, index) => Date.parse(run.startedAt ?? '') - Date.parse(runs[index]?.finishedAt ?? ''));
    // Times in a status have whole seconds.
    assert.ok((pauses[0] ?? 0) >= 0 && (pauses[1] ?? 0) >= 1_000, `${pauses}`);
    const events = await ground.run(
      'get',
      'events',
      '--field-selector=involvedObject.name=limit',
      '--output=jsonpath={.items[*].reason}',
    );
    assert.deepEqual(events.split(' ').sort(), [
      'DatabaseUnreachable',
      'DatabaseUnreachable',
      'DatabaseUnreachable',
      'RetryLimitReached',
      'Running',
      'Running',
      'Running',
    ]);

    const [, command = ''] =
      /kubectl (annotate .*)"\$\(date \+%s\)" --overwrite$/.exec(condition(stalled, 'Stalled')?.message ?? '') ?? [];
    await cluster().mustKubectl([...`${command}1`.split(' '), '--overwrite']);
    const again = await ground.resourceWhen(
      'limit',
      'at its first attempt',
      ({ status }) => status?.run?.attempt === 1,
      30,
    );
    assert.equal(condition(again, 'Stalled'), undefined);
  }).timeout(120_000);

  it('runs again when the node of a run is lost and its pod is taken away', async () => {
    const room = await openGround(cluster(), 'lost-node');
    const agent = await startAgent(cluster(), { images: IMAGES, namespaces: [room.namespace] });
    const other = await room.startOperator();
    try {
      await furnish(room);
      const files = { ...LEDGER, ...slow('3_slow', 'sqlite', 5) };
      const quick = { safety: { rehearsal: 'Off' }, validation: { after: 'Skip' } };
      await room.apply(configMap('far', files), sqliteMigration('far', quick));
      const { status } = await room.resourceWhen('far', 'applying', (each) => each.status?.run?.step === 'apply', 60);
      const pod = await room.podOf(status?.run?.job ?? '');
      await agent.nodeLost({ processes: 'killed' });
      await room.run('wait', '--for=condition=Ready=Unknown', `node/${agent.node}`, '--timeout=60s');
      assert.equal(reasonOf(await room.resource('far')), 'Running', 'silence alone proves nothing');
      await room.run('delete', 'pod', pod.metadata?.name ?? '', '--force', '--grace-period=0');
      const vanished = await room.resourceWhen(
        'far',
        'known to be lost',
        ({ status: now }) => now?.history?.[0]?.reason === 'RunVanished',
      );
      assert.equal(vanished.status?.history?.length, 1);
      await agent.nodeReturns();
      await room.waitFor('far', 'Ready', 60);
      const after = await room.resource('far');
      assert.deepEqual(
        after.status?.history?.map(({ reason }) => reason),
        ['Migrated', 'RunVanished'],
      );
      assert.deepEqual(await sqliteLedger({ ...room, agent }, 'far'), ['1_ledger', '2_orders', '3_slow']);
    } finally {
      await other.stop();
      await agent.stop();
    }
  }).timeout(170_000);
});
