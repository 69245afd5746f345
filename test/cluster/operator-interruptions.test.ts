import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/processes.ts';
import { startAgent } from './agent.ts';
import { type Ground, IMAGES, type Operator, openGround } from './operator-fixtures.ts';
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

const ROLE = 'db-manager-operator';
type Rule = { resources: string[]; verbs: string[] };

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

  it('lists all objects again when its resourceVersion is Gone, and finds what was created and deleted', async () => {
    await ground.apply(
      configMap('stays', LEDGER),
      sqliteMigration('stays'),
      sqliteMigration('goes', { suspend: true }),
    );
    await ground.waitFor('stays', 'Ready');
    await ground.resourceWhen(
      'goes',
      'suspended',
      (each) => reasonOf(each) === 'ReferenceNotFound' || reasonOf(each) === 'Suspended',
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
    // The API server remembers for some seconds that the token was good.
    const refused = async () => {
      proxy.cut();
      return (await requests(/code="401"/)) > 0;
    };
    await eventually('the old token to be refused', refused, { timeoutMs: 60_000, everyMs: 2_000 });
    await ground.apply(configMap('token', LEDGER), sqliteMigration('token'));
    const fresh = JSON.parse(await readFile(await tokenKubeconfig('second'), 'utf8'));
    const config = JSON.parse(await readFile(proxy.kubeconfig, 'utf8'));
    await writeFile(proxy.kubeconfig, JSON.stringify({ ...config, users: fresh.users }));
    await ground.waitFor('token', 'Ready', 60);
    assert.ok(operator.isRunning());
  }).timeout(170_000);

  /** What the operator may do with pods. */
  const maySee = async (...verbs: string[]) => {
    const { rules } = JSON.parse(await ground.run('get', 'role', ROLE, '--output=json')) as { rules: Rule[] };
    const changed = rules.map((rule) => (rule.resources.includes('pods') ? { ...rule, verbs } : rule));
    const patch = JSON.stringify({ rules: changed });
    await ground.run('patch', 'role', ROLE, '--type=merge', `--patch=${patch}`);
  };
  const blind = async () => {
    await maySee('get');
    const count = () => requests(/resource="pods",code="403"/);
    const before = await count();
    const refused = async () => {
      proxy.cut();
      return (await count()) > before;
    };
    await eventually('the pods to be refused', refused, { timeoutMs: 30_000, everyMs: 2_000 });
  };
  const jobOf = async (name: string) =>
    (await ground.jobs()).find(({ metadata }) => metadata.name.startsWith(`${name}-`));

  it('does not treat the pod of a finished run as deleted because it has no permission to read it', async () => {
    await ground.apply(configMap('unseen', LEDGER), sqliteMigration('unseen', { suspend: true }));
    await ground.resourceWhen('unseen', 'suspended', (each) => reasonOf(each) === 'Suspended');
    await blind();
    await ground.run('patch', 'dbm', 'unseen', '--type=merge', '--patch={"spec":{"suspend":false}}');
    await eventually('its Job to be over', async () => (await jobOf('unseen'))?.status?.succeeded === 1);
    await sleep(2_000);
    const { status } = await ground.resource('unseen');
    assert.deepEqual(
      [status?.run?.finishedAt, status?.history],
      [undefined, undefined],
      `it is not judged: ${status?.failure?.message}\n${await operator.log()}`,
    );
    await maySee('list', 'watch');
    await ground.waitFor('unseen', 'Ready', 60);
    const after = (await ground.resource('unseen')).status;
    assert.deepEqual([after?.run?.result, after?.run?.attempt], ['succeeded', 1], await operator.log());
  }).timeout(170_000);

  it('does not take a run away that may have begun, although its resource is edited', async () => {
    const files = { ...LEDGER, ...slow('3_slow', 'sqlite', 8) };
    await ground.apply(configMap('begun', files), sqliteMigration('begun', { suspend: true }));
    await ground.resourceWhen('begun', 'suspended', (each) => reasonOf(each) === 'Suspended');
    await blind();
    await ground.run('patch', 'dbm', 'begun', '--type=merge', '--patch={"spec":{"suspend":false}}');
    const begun = await eventually('its pod to run', async () => {
      const job = (await jobOf('begun'))?.metadata.name;
      return job !== undefined && (await ground.podOf(job)).status?.phase === 'Running' && job;
    });
    await ground.run('patch', 'dbm', 'begun', '--type=merge', '--patch={"spec":{"target":"3_slow"}}');
    await sleep(3_000);
    const job = await jobOf('begun');
    assert.deepEqual([job?.metadata.name, job?.metadata.deletionTimestamp], [begun, undefined], await operator.log());
    await maySee('list', 'watch');
    await ground.waitFor('begun', 'Ready', 120);
    const { status } = await ground.resource('begun');
    assert.deepEqual(
      status?.history?.map(({ reason }) => reason),
      ['UpToDate', 'Migrated'],
      await operator.log(),
    );
  }).timeout(240_000);

  it('deletes the finished Jobs of a resource that was deleted or recreated, without a garbage collector', async () => {
    const jobsOf = async () => (await ground.jobs()).filter(({ metadata }) => /^(left|again)-/.test(metadata.name));
    for (const name of ['left', 'again']) {
      await ground.apply(configMap(name, LEDGER), sqliteMigration(name));
      await ground.waitFor(name, 'Ready');
    }
    // The report comes before the Job controller has seen the end.
    for (const { metadata } of await jobsOf()) {
      await ground.run('wait', '--for=condition=Complete', `job/${metadata.name}`, '--timeout=30s');
    }
    assert.equal((await jobsOf()).length, 2);
    cluster().pauseControllers();
    try {
      await ground.run('delete', 'dbm', 'left', 'again');
      await ground.apply(sqliteMigration('again', { suspend: true }));
      await sleep(5_000);
      assert.equal((await jobsOf()).length, 2, "the cluster's own collector has its time");
      await eventually('the Jobs to be gone', async () => (await jobsOf()).length === 0, { timeoutMs: 90_000 });
      assert.equal(reasonOf(await ground.resource('again')), 'Suspended');
    } finally {
      cluster().resumeControllers();
    }
  }).timeout(170_000);

  it('retries with growing delays, stops at the limit, and starts again with the annotation in the message', async () => {
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
    // The watches are not in step: the resource may be seen before its ConfigMap.
    const ofRuns = events.split(' ').filter((reason) => reason !== 'ReferenceNotFound');
    assert.deepEqual(ofRuns.sort(), [
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
      const quick = { safety: { rehearsal: 'Disabled' }, validation: { after: 'Disabled' } };
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
        ({ status: now }) => now?.history?.[0]?.reason === 'RunLost',
      );
      assert.equal(vanished.status?.history?.length, 1);
      await agent.nodeReturns();
      await room.waitFor('far', 'Ready', 60);
      const after = await room.resource('far');
      assert.deepEqual(
        after.status?.history?.map(({ reason }) => reason),
        ['Migrated', 'RunLost'],
      );
      assert.deepEqual(await sqliteLedger({ ...room, agent }, 'far'), ['1_ledger', '2_orders', '3_slow']);
    } finally {
      await other.stop();
      await agent.stop();
    }
  }).timeout(170_000);
});
