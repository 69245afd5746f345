/**
 * Everything at once: resources come, change and go while the API server, the watches and the controller are killed.
 * Short in the suite; `DB_MANAGER_FAULTS=long` takes ten minutes with 200 resources. `DB_MANAGER_SEED` for another one.
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/processes.ts';
import { sizeFor } from '../support/sizes.ts';
import { type Ground, type Operator, openGround } from './operator-fixtures.ts';
import { furnish } from './operator-resources.ts';
import { type CuttingProxy, cuttingProxy } from './storm/cutting-proxy.ts';
import { Dice } from './storm/random.ts';
import { Slots } from './storm/slots.ts';
import { lies, unsettled } from './storm/verdict.ts';
import { describeCluster } from './suite.ts';

const LONG = process.env.DB_MANAGER_FAULTS === 'long';
const SEED = Number(process.env.DB_MANAGER_SEED ?? 20_261_123);
const SHORT = { resources: 6, seconds: 15, pauseMs: 400, blowMs: 4_000, settleSeconds: 100, sweepSeconds: 300 };
const SIZE = sizeFor({
  developer: SHORT,
  ci: { ...SHORT, resources: 12, seconds: 30 },
  long: { resources: 200, seconds: 600, pauseMs: 400, blowMs: 8_000, settleSeconds: 900, sweepSeconds: 600 },
});

type Blow = 'cut watches' | 'freeze connections' | 'kill the controller' | 'kill the API server' | 'kill a runner';

describeCluster(`a storm over ${SIZE.resources} resources, seed ${SEED}`, (cluster) => {
  let ground: Ground;
  let proxy: CuttingProxy;
  let operator: Operator;
  let slots: Slots;
  const tally = new Map<string, number>();
  const count = (what: string) => tally.set(what, (tally.get(what) ?? 0) + 1);

  before(async function () {
    this.timeout(300_000);
    ground = await openGround(cluster(), 'storm');
    await furnish(ground);
    const account = { serviceAccount: 'db-manager-operator', namespace: ground.namespace };
    proxy = await cuttingProxy(await cluster().kubeconfigFor(account));
    operator = await start();
    slots = new Slots(ground);
    await slots.open(SIZE.resources);
  });
  after(async () => {
    await operator?.stop();
    await proxy?.close();
  });

  const start = () => ground.startOperator({ kubeconfig: proxy.kubeconfig, maxConcurrentRuns: 4 });

  async function blow(dice: Dice): Promise<Blow | undefined> {
    const kind = dice.pick<Blow>([
      ['cut watches', 4],
      ['freeze connections', 2],
      ['kill the controller', 3],
      ['kill the API server', 2],
      ['kill a runner', 2],
    ]);
    switch (kind) {
      case 'cut watches':
        proxy.cut();
        break;
      case 'freeze connections':
        proxy.freeze(3_000);
        break;
      case 'kill the controller':
        await operator.stop('SIGKILL');
        await sleep(dice.below(2_000));
        operator = await start();
        break;
      case 'kill the API server':
        await cluster().stopApiServer('SIGKILL');
        await sleep(dice.below(3_000));
        await cluster().startApiServer();
        break;
      case 'kill a runner': {
        const pods = JSON.parse(await ground.run('get', 'pods', '--output=json')).items as Pod[];
        const running = pods.filter(({ status }) => status?.phase === 'Running');
        const victim = running[dice.below(running.length)];
        if (victim === undefined) return undefined;
        try {
          ground.agent.killProcess({ namespace: ground.namespace, name: victim.metadata.name }, 'SIGKILL');
        } catch {
          return undefined; // It has ended in the time between.
        }
      }
    }
    return kind;
  }

  it('passes over, and every resource gets what it asked for', async function () {
    this.timeout((SIZE.seconds + SIZE.settleSeconds + 300) * 1000);
    const until = performance.now() + SIZE.seconds * 1000;
    const users = (async () => {
      const dice = new Dice(SEED);
      for (const slot of slots.all) {
        await slots.create(slot);
        count('create');
      }
      while (performance.now() < until) {
        count((await slots.stir(dice)) ?? 'nothing');
        await sleep(dice.below(SIZE.pauseMs));
      }
    })();
    const weather = (async () => {
      const dice = new Dice(SEED + 1);
      // At least one of each kind, for every seed.
      await sleep(SIZE.blowMs);
      proxy.cut();
      await cluster().restartApiServer('SIGKILL');
      count('kill the API server');
      while (performance.now() < until) {
        count((await blow(dice)) ?? 'nothing to kill');
        await sleep(dice.below(SIZE.blowMs));
      }
    })();
    await Promise.all([users, weather]);
    let open: string[] = [];
    await eventually(
      'every resource to have what it asked for',
      async () => {
        const states = await Promise.all(slots.all.map(async (slot) => unsettled(slot, await slots.resource(slot))));
        open = states.filter((state) => state !== undefined);
        return open.length === 0;
      },
      { timeoutMs: SIZE.settleSeconds * 1000, everyMs: 2_000, explain: async () => open.join('\n') },
    );
  });

  it('leaves a correct state: no migration ran twice, and each status matches its database', async () => {
    const found = await Promise.all(slots.all.map(async (slot) => lies(slot, await slots.resource(slot))));
    assert.deepEqual(found.flat(), []);
  });

  it('leaves no orphaned or running Job behind', async function () {
    this.timeout((SIZE.sweepSeconds + 30) * 1000);
    const uids = new Set(
      (await Promise.all(slots.all.map((slot) => slots.resource(slot)))).map((each) => each?.metadata.uid),
    );
    let left: string[] = [];
    await eventually(
      'the Jobs of deleted resources to be gone',
      async () => {
        left = (await ground.jobs())
          .filter(
            ({ metadata, status }) =>
              (status?.active ?? 0) > 0 || !metadata.ownerReferences?.every(({ uid }) => uids.has(uid)),
          )
          .map(({ metadata, status }) => {
            const { name, ownerReferences, finalizers, deletionTimestamp } = metadata;
            const owned = ownerReferences?.every(({ uid }) => uids.has(uid)) === true;
            return `${name}: active ${status?.active ?? 0}, owned ${owned}, ${finalizers ?? ''} ${deletionTimestamp ?? ''}`;
          });
        return left.length === 0;
      },
      { timeoutMs: SIZE.sweepSeconds * 1000, everyMs: 500, explain: async () => left.join('\n') },
    );
  });

  it('is stable afterwards: finished resources are not written again, and the log has no internal error', async () => {
    const versions = async () =>
      (await Promise.all(slots.all.map((slot) => slots.resource(slot)))).map((each) => each?.metadata.resourceVersion);
    const before = await versions();
    await sleep(2_000);
    assert.deepEqual(await versions(), before);
    assert.doesNotMatch(await operator.log(), /TypeError|ReferenceError|RangeError|InternalError/);
    const story = [...tally].map(([what, times]) => `${what}: ${times}`).join(', ');
    if (LONG) console.log(`      ${story}`);
    for (const blow of ['kill the API server', 'create']) assert.ok((tally.get(blow) ?? 0) > 0, story);
  });
});

interface Pod {
  metadata: { name: string };
  status?: { phase?: string };
}
