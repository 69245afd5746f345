import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { DatabaseMigration } from '../../src/core/model/resource.ts';
import { eventually } from '../support/processes.ts';
import { type Ground, type Operator, openGround } from './operator-fixtures.ts';
import { configMap, furnish, migration, postgresDatabase, secret } from './operator-resources.ts';
import { describeCluster } from './suite.ts';

const KEY = 'key-that-must-not-be-shown';
const TOKEN = 'token-in-the-url-that-must-not-be-shown';
const ORDERS = '-- migrate:up\nCREATE TABLE orders (id integer PRIMARY KEY);\n-- migrate:down\nDROP TABLE orders;\n';

describeCluster('notifications of the operator', (cluster) => {
  let ground: Ground;
  let operator: Operator;
  let server: Server;
  let database: Awaited<ReturnType<typeof postgresDatabase>>;
  /** Status codes of the next answers; then 204. */
  const answers: number[] = [];
  const received: { path: string; headers: IncomingHttpHeaders; body: string }[] = [];
  let notify: object;

  before(async function () {
    this.timeout(120_000);
    server = createServer(async (request, response) => {
      let body = '';
      for await (const piece of request) body += piece;
      received.push({ path: request.url ?? '', headers: request.headers, body });
      response.writeHead(answers.shift() ?? 204).end();
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    ground = await openGround(cluster(), 'notify');
    await furnish(ground);
    operator = await ground.startOperator({ notifyHosts: [host] });
    database = await postgresDatabase('notify');
    await ground.apply(
      secret('chat', { url: `${host}/hooks/${TOKEN}`, key: KEY, elsewhere: `http://elsewhere.example/${TOKEN}` }),
      configMap('orders', { '1_orders.sql': ORDERS }),
    );
    const from = (key: string) => ({ secretKeyRef: { name: 'chat', key } });
    notify = {
      urlFrom: from('url'),
      signingKeyFrom: from('key'),
      events: ['Success', 'Failure', 'AwaitingApproval', 'Drift'],
    };
  });
  after(async () => {
    await operator?.stop();
    server?.closeAllConnections();
    server?.close();
  });

  const migrate = (spec: object) => ground.apply(migration('orders', { ...database.spec, ...spec }));
  const notified = ({ status }: DatabaseMigration) => status?.conditions?.find(({ type }) => type === 'Notified');
  const arrived = (count: number) =>
    eventually(`${count} notifications`, async () => received.length >= count, {
      timeoutMs: 60_000,
      explain: async () => `${JSON.stringify(received)}\n${(await operator.log()).slice(-2000)}`,
    });

  it('have a manifest on their page that the API server accepts', async () => {
    const page = await readFile('docs/operations/notifications.md', 'utf8');
    const [, manifest = ''] = /```yaml\n(apiVersion[\s\S]*?)```/.exec(page) ?? [];
    const args = ['apply', '--dry-run=server', '--filename=-', `--namespace=${ground.namespace}`];
    const input = manifest.replaceAll('name: orders\n', 'name: of-the-page\n');
    assert.match(await cluster().mustKubectl(args, { input }), /of-the-page created/);
  });

  it('report a success, signed, and once although the operator restarts', async function () {
    this.timeout(120_000);
    await migrate({ notify });
    await ground.waitFor('orders', 'Ready', 90);
    await arrived(1);
    const [first] = received;
    assert.equal(first?.path, `/hooks/${TOKEN}`);
    const [, time = '', hex = ''] =
      /^t=(\d+),v1=([0-9a-f]{64})$/.exec(`${first.headers['x-db-manager-signature']}`) ?? [];
    assert.equal(hex, createHmac('sha256', KEY).update(`${time}.${first.body}`).digest('hex'));
    assert.ok(Math.abs(Date.now() / 1000 - Number(time)) < 120);
    const body = JSON.parse(first.body);
    assert.deepEqual([body.event, body.reason, body.currentRevision], ['Success', 'Migrated', '1_orders']);
    assert.equal(body.id, first.headers['x-db-manager-delivery']);
    await ground.waitFor('orders', 'Notified', 30);
    await operator.stop('SIGKILL');
    operator = await ground.startOperator(optionsOf(server));
    await ground.run('label', 'dbm', 'orders', 'seen=1');
    // A run without work follows, and sends no notification.
    await ground.run('annotate', 'dbm', 'orders', 'db-manager.dev/retry=1');
    await ground.resourceWhen(
      'orders',
      'up to date',
      ({ status }) =>
        status?.conditions?.some(({ reason }) => reason === 'UpToDate') === true &&
        status.run?.finishedAt !== undefined,
      60,
    );
    assert.equal(received.length, 1);
  });

  it('report a plan that awaits approval, and are sent again when the endpoint fails', async function () {
    this.timeout(120_000);
    received.length = 0;
    answers.push(500);
    await migrate({ notify, approval: 'Manual' });
    await ground.apply(
      configMap('orders', { '1_orders.sql': ORDERS, '2_more.sql': '-- migrate:up\nCREATE TABLE more (id integer);\n' }),
    );
    await arrived(1);
    const waiting = await ground.resourceWhen('orders', 'waiting', (one) => notified(one)?.status === 'False', 30);
    assert.match(notified(waiting)?.message ?? '', /^The endpoint answered with 500\. Attempt 2 of 5 is at /);
    await arrived(2);
    assert.equal(received[0]?.headers['x-db-manager-delivery'], received[1]?.headers['x-db-manager-delivery']);
    assert.deepEqual(JSON.parse(received[1]?.body ?? '').event, 'AwaitingApproval');
    await ground.waitFor('orders', 'Notified', 30);
  });

  it('report a failure, and an endpoint that refuses it in a condition and an event, without delaying the run', async function () {
    this.timeout(120_000);
    const slack = { ...notify, format: 'Slack', events: ['Failure'] };
    await migrate({ notify: slack, approval: 'Manual' });
    const digest = (await ground.resource('orders')).status?.plan?.digest;
    received.length = 0;
    answers.push(403);
    await ground.apply(
      configMap('orders', { '1_orders.sql': ORDERS, '2_more.sql': '-- migrate:up\nSELECT nothing FROM orders;\n' }),
    );
    await ground.resourceWhen('orders', 'planned again', ({ status }) => status?.plan?.digest !== digest, 60);
    await migrate({ notify: slack });
    await ground.waitFor('orders', 'Stalled', 60);
    await arrived(1);
    assert.match(JSON.parse(received[0]?.body ?? '').text, /^\*The migration failed\*: .*\/orders /);
    await eventually(
      'the event',
      async () => /Warning +NotificationFailed .*answered with 403/.test(await ground.run('describe', 'dbm', 'orders')),
      { timeoutMs: 20_000, explain: () => ground.run('describe', 'dbm', 'orders') },
    );
    assert.equal(received.length, 1, 'a refusal is final');
  });

  it('are not sent to another host, and neither URL nor key is shown anywhere', async function () {
    this.timeout(120_000);
    received.length = 0;
    const elsewhere = { ...notify, urlFrom: { secretKeyRef: { name: 'chat', key: 'elsewhere' } } };
    await ground.apply(configMap('orders', { '1_orders.sql': ORDERS }));
    await migrate({ notify: { ...elsewhere, events: ['Success'] } });
    await ground.apply(
      configMap('orders', { '1_orders.sql': ORDERS, '2_good.sql': ORDERS.replaceAll('orders', 'good') }),
    );
    const refused = await ground.resourceWhen('orders', 'refused', (one) => notified(one)?.reason === 'NotAllowed', 90);
    assert.match(
      notified(refused)?.message ?? '',
      /does not allow the host of spec\.notify\.urlFrom \(--notify-hosts\)/,
    );
    await ground.waitFor('orders', 'Ready', 60);
    const everything = [
      JSON.stringify(refused),
      await ground.run('describe', 'dbm', 'orders'),
      await ground.run('get', 'events,jobs,pods', '--output=yaml'),
      await operator.log(),
    ].join('\n');
    assert.doesNotMatch(everything, new RegExp(`${TOKEN}|${KEY}|elsewhere\\.example`));
    assert.equal(received.length, 0);
  });

  it('are off without --notify-hosts, and their fields leave the status with the spec', async function () {
    this.timeout(120_000);
    await operator.stop();
    operator = await ground.startOperator();
    await ground.apply(
      configMap('orders', {
        '1_orders.sql': ORDERS,
        '2_good.sql': ORDERS.replaceAll('orders', 'good'),
        '3_last.sql': ORDERS.replaceAll('orders', 'last'),
      }),
    );
    await migrate({ notify });
    const off = await ground.resourceWhen(
      'orders',
      'off',
      (one) => /started without --notify-hosts/.test(notified(one)?.message ?? ''),
      90,
    );
    assert.equal(notified(off)?.reason, 'NotAllowed');
    assert.equal(received.length, 0);
    await migrate({});
    const gone = await ground.resourceWhen('orders', 'without', ({ status }) => status?.notify === undefined, 30);
    assert.equal(notified(gone), undefined);
  });
});

function optionsOf(server: Server) {
  return { notifyHosts: [`http://127.0.0.1:${(server.address() as AddressInfo).port}`] };
}
