import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/processes.ts';
import { type Ground, type Operator, openGround } from './operator-fixtures.ts';
import { configMap, furnish, LEDGER, sqliteLedger, sqliteMigration } from './operator-resources.ts';
import { describeCluster } from './suite.ts';

describeCluster('two operators, and an API server that goes away', (cluster) => {
  let ground: Ground;
  const operators: Operator[] = [];

  before(async () => {
    ground = await openGround(cluster(), 'leadership');
    await furnish(ground);
  });
  after(() => Promise.all(operators.map((operator) => operator.stop())));

  async function start(options = {}): Promise<Operator> {
    const operator = await ground.startOperator({ leaderElection: true, ...options });
    operators.push(operator);
    return operator;
  }
  const leads = async (operator: Operator) => (await operator.log()).includes('leader election won');
  const timeOf = async (operator: Operator, message: string) => {
    const line = (await operator.log()).split('\n').find((each) => each.includes(`"${message}"`)) ?? '{}';
    return Date.parse(JSON.parse(line).timestamp);
  };
  const identityOf = async (operator: Operator) => /"identity":"([^"]+)"/.exec(await operator.log())?.[1] ?? '';
  const tellers = async (name: string) =>
    new Set(
      (
        await ground.run(
          'get',
          'events',
          `--field-selector=involvedObject.name=${name}`,
          '--output=jsonpath={.items[*].reportingComponent} {.items[*].reportingInstance}',
        )
      )
        .split(' ')
        .filter((word) => word !== '' && !word.startsWith('db-manager.dev')),
    );

  it('hand over immediately when the leader is asked to stop', async () => {
    const [first, second] = [await start(), await start()];
    await eventually('one of them to lead', async () => (await leads(first)) || (await leads(second)), {
      timeoutMs: 20_000,
    });
    const [leader, other] = (await leads(first)) ? [first, second] : [second, first];
    await sleep(500);
    assert.equal(await leads(other), false);
    const began = performance.now();
    assert.equal((await leader.stop()).code, 0);
    assert.ok(performance.now() - began < 2_000);
    await eventually('the other to lead', () => leads(other), { timeoutMs: 5_000 });
    const between = (await timeOf(other, 'leader election won')) - (await timeOf(leader, 'operator stopped'));
    assert.ok(between < 2_000, `${between} ms without a leader`);
  });

  it('both lead in one namespace with separate Leases', async () => {
    const [first, second] = [await start({ leaseName: 'red' }), await start({ leaseName: 'blue' })];
    for (const operator of [first, second]) {
      await eventually('it to lead', () => leads(operator), { timeoutMs: 20_000 });
    }
    const holders = '--output=jsonpath={.items[*].metadata.name}';
    const leases = (await ground.run('get', 'leases', holders)).split(' ');
    assert.ok(leases.includes('red') && leases.includes('blue'), String(leases));
    await Promise.all([first.stop(), second.stop()]);
  });

  it('write nothing any more when they were paused beyond their lease', async function () {
    this.timeout(120_000);
    const [paused] = operators.filter((operator) => operator.isRunning());
    assert.ok(paused !== undefined && (await leads(paused)));
    const next = await start();
    process.kill(paused.pid, 'SIGSTOP');
    await eventually('the next to lead', () => leads(next), { timeoutMs: 40_000, everyMs: 250 });
    await ground.apply(configMap('fenced', LEDGER), sqliteMigration('fenced'));
    await ground.resourceWhen('fenced', 'running', ({ status }) => status?.run !== undefined);
    // It wakes with a queue full of news, and with timers that are overdue.
    process.kill(paused.pid, 'SIGCONT');
    const { code } = await paused.ended;
    assert.equal(code, 1);
    await ground.waitFor('fenced', 'Ready');
    assert.deepEqual(await tellers('fenced'), new Set([await identityOf(next)]));
    assert.equal((await ground.jobs()).filter(({ metadata }) => metadata.name.startsWith('fenced')).length, 1);
    const [, afterwards = ''] = (await paused.log()).split('operator lost its lease');
    assert.doesNotMatch(afterwards, /run started/);
    assert.deepEqual(await sqliteLedger(ground, 'fenced'), ['1_ledger', '2_orders']);
  });

  it('continue after the API server was killed and restarted, without missing changes', async function () {
    this.timeout(120_000);
    const operator = operators.find((each) => each.isRunning());
    assert.ok(operator !== undefined);
    await ground.apply(configMap('before', LEDGER), sqliteMigration('before'));
    await ground.waitFor('before', 'Ready');
    // Its finalizer goes with the run, a moment after the status.
    await ground.resourceWhen('before', 'released', ({ metadata }) => (metadata.finalizers ?? []).length === 0);
    const before = await ground.resource('before');
    // On a busy machine the API server is away for longer than the lease: the operator ends, and its Deployment restarts it.
    const deployed = operator.ended.then(({ code }) => (code === 1 ? start() : undefined));
    await cluster().restartApiServer('SIGKILL');
    await ground.apply(configMap('after', LEDGER), sqliteMigration('after'));
    await ground.waitFor('after', 'Ready', 70);
    assert.equal((await ground.resource('before')).metadata.resourceVersion, before.metadata.resourceVersion);
    if (!operator.isRunning()) assert.ok((await deployed)?.isRunning(), await operator.logTail());
  });

  it('write no status again after a restart', async () => {
    const names = ['fenced', 'before', 'after'];
    // The finalizer goes with the run, a moment after the status.
    for (const name of names)
      await ground.resourceWhen(name, 'released', ({ metadata }) => (metadata.finalizers ?? []).length === 0);
    const versions = () =>
      Promise.all(names.map(async (name) => (await ground.resource(name)).metadata.resourceVersion));
    const before = await versions();
    await Promise.all(operators.map((operator) => operator.stop()));
    const fresh = await start();
    await eventually('the fresh one to lead', () => leads(fresh), { timeoutMs: 30_000 });
    await sleep(1_000);
    assert.deepEqual(await versions(), before);
  });
});
