import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Delivery } from '../../src/core/reconcile/notify.ts';
import { signatureOf } from '../../src/core/reconcile/notify-body.ts';
import { type Endpoint, endpointOf, isForbidden } from '../../src/operator/notify/endpoint.ts';
import { send } from '../../src/operator/notify/send.ts';

const allowed = (url: string, ...hosts: string[]): Endpoint => {
  const endpoint = endpointOf(url, hosts);
  if ('refused' in endpoint) throw new Error(endpoint.refused);
  return endpoint;
};

describe('the endpoint of a notification', () => {
  it('is allowed by host, port and protocol', () => {
    for (const [url, host] of [
      ['https://hooks.example.com/services/T0/B0', 'hooks.example.com'],
      ['https://HOOKS.example.com/', 'Hooks.Example.com'],
      ['https://a.b.example.com/x', '*.example.com'],
      ['https://chat.example.com:8443/x', 'chat.example.com:8443'],
      ['http://relay.monitoring.svc:8080/x', 'http://relay.monitoring.svc:8080'],
      ['https://[2001:db8::1]:8443/x', '[2001:db8::1]:8443'],
    ] as const)
      assert.ok('url' in endpointOf(url, [host]), `${url} by ${host}`);
  });

  it('is refused otherwise, in words that have nothing of the URL', () => {
    for (const [url, ...hosts] of [
      ['https://hooks.example.com/secret-token'],
      ['https://hooks.example.com.evil.test/secret-token', 'hooks.example.com'],
      ['https://evilhooks.example.com/secret-token', 'hooks.example.com'],
      ['https://example.com/secret-token', '*.example.com'],
      ['https://evilexample.com/secret-token', '*.example.com'],
      ['http://hooks.example.com/secret-token', 'hooks.example.com'],
      ['https://hooks.example.com:8443/secret-token', 'hooks.example.com'],
      ['https://hooks.example.com@evil.test/secret-token', 'hooks.example.com'],
      ['https://user:secret-token@hooks.example.com/', 'hooks.example.com'],
      ['https://hooks.example.com\\@evil.test/secret-token', 'evil.test'],
      ['file:///secret-token', '*', '*.*', 'localhost'],
      ['gopher://hooks.example.com/secret-token', 'hooks.example.com'],
      ['secret-token', 'hooks.example.com'],
      ['', 'hooks.example.com'],
      ['https://hooks.example.com/secret-token', '*', 'https://*', '*.com.', 'ftp://hooks.example.com'],
    ] as const) {
      const endpoint = endpointOf(url, hosts);
      assert.ok('refused' in endpoint, url);
      assert.doesNotMatch(endpoint.refused, /secret-token|example|evil/, url);
    }
  });

  it('has no link-local, metadata or multicast address, and a loopback address only by name', () => {
    for (const address of [
      '169.254.169.254',
      '::ffff:169.254.169.254',
      '::ffff:a9fe:a9fe',
      '64:ff9b::a9fe:a9fe',
      '64:ff9b::168.63.129.16',
      '64:ff9b::100.100.100.200',
      '64:ff9b::',
      'fe80::1',
      'fd00:ec2::254',
      '0.0.0.0',
      '::',
      '224.0.0.1',
      'ff02::1',
      '255.255.255.255',
      '168.63.129.16',
      'not an address',
    ])
      assert.ok(isForbidden(address, true), address);
    for (const address of ['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1']) {
      assert.ok(isForbidden(address, false), address);
      assert.ok(!isForbidden(address, true), address);
    }
    for (const address of [
      '10.1.2.3',
      '192.168.1.1',
      '93.184.216.34',
      '2001:db8::1',
      'fd12::1',
      '64:ff9b::93.184.216.34',
    ])
      assert.ok(!isForbidden(address, false), address);
    // The URL parser reads other spellings of an address.
    for (const host of ['2852039166', '0xa9fea9fe', '169.254.43518', '0251.0376.0251.0376']) {
      const { url, isNamed } = allowed(`http://${host}/`, `http://${host}`);
      assert.equal(url.hostname, '169.254.169.254');
      assert.ok(isForbidden(url.hostname, isNamed));
    }
  });
});

describe('a notification', function () {
  this.timeout(20_000);
  let server: Server;
  let port = 0;
  let answer = 200;
  const received: { request: IncomingMessage; body: string }[] = [];

  before(async () => {
    server = createServer(async (request, response) => {
      let body = '';
      for await (const piece of request) body += piece;
      received.push({ request, body });
      if (answer === 0) return;
      response.writeHead(answer, answer >= 300 && answer < 400 ? { location: `http://127.0.0.1:${port}/other` } : {});
      response.end('an answer that is not read');
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    port = (server.address() as AddressInfo).port;
  });
  beforeEach(() => {
    received.length = 0;
    answer = 200;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  const here = (path = '/secret-token') => allowed(`http://127.0.0.1:${port}${path}`, `http://127.0.0.1:${port}`);

  it('is one POST with a signature over the time and the body', async () => {
    const body = '{"text":"größer"}';
    const now = new Date('2026-05-01T10:00:00.900Z');
    const signature = signatureOf(body, 'the key', now);
    assert.deepEqual(await send(here(), body, { 'x-db-manager-signature': signature }), { kind: 'sent' });
    const [first] = received;
    assert.equal(received.length, 1);
    assert.equal(first?.request.method, 'POST');
    assert.equal(first?.body, body);
    // As the page describes it, with OpenSSL's digest of the same text.
    assert.equal(
      first?.request.headers['x-db-manager-signature'],
      't=1777629600,v1=ea37c86bc877ae81da63a2a3269de0d67edcc205852cf353cb9ac601899022bd',
    );
  });

  it('fails with the status, and follows no redirect', async () => {
    const cases: [number, boolean][] = [
      [500, true],
      [503, true],
      [429, true],
      [408, true],
      [400, false],
      [404, false],
      [301, false],
      [302, false],
      [307, false],
    ];
    for (const [status, again] of cases) {
      answer = status;
      const delivery = await send(here(), '{}', {});
      assert.ok(delivery.kind === 'failed' && delivery.again === again, `${status}: ${JSON.stringify(delivery)}`);
      assert.match(delivery.message, new RegExp(`answered with ${status}`));
      assert.doesNotMatch(delivery.message, /127\.0\.0\.1|secret-token/);
    }
    assert.equal(received.length, cases.length);
    assert.ok(received.every(({ request }) => request.url === '/secret-token'));
  });

  it('does not wait for a receiver that does not answer', async () => {
    answer = 0;
    const delivery = await send(here(), '{}', {}, 300);
    assert.ok(delivery.kind === 'failed' && delivery.again);
    assert.match(delivery.message, /could not be reached \(ETIMEDOUT\)/);
  });

  it('is not sent to a name that leads to this host, and to no link-local address', async () => {
    const refused = (delivery: Delivery) => delivery.kind === 'failed' && delivery.reason === 'NotAllowed';
    // The same name, allowed by a pattern instead of its full name: as a name whose address was changed.
    const { url } = allowed(`http://localhost:${port}/`, `http://localhost:${port}`);
    assert.ok(refused(await send({ url, isNamed: false }, '{}', {})));
    assert.ok(refused(await send(allowed('http://169.254.169.254/', 'http://169.254.169.254'), '{}', {})));
    assert.ok(refused(await send(allowed('http://[fe80::1]/', 'http://[fe80::1]'), '{}', {})));
    assert.equal(received.length, 0);
  });

  it('fails in words where the connection fails', async () => {
    const closed = createServer();
    await new Promise<void>((done) => closed.listen(0, '127.0.0.1', done));
    const { port: free } = closed.address() as AddressInfo;
    await new Promise((done) => closed.close(done));
    const delivery = await send(allowed(`http://127.0.0.1:${free}/secret-token`, `http://127.0.0.1:${free}`), '{}', {});
    assert.deepEqual(delivery, {
      kind: 'failed',
      reason: 'NotificationFailed',
      message: 'The endpoint could not be reached (ECONNREFUSED).',
      again: true,
    });
    // TLS is not spoken there.
    const tls = await send(allowed(`https://127.0.0.1:${port}/`, `127.0.0.1:${port}`), '{}', {});
    assert.ok(tls.kind === 'failed' && !/127\.0/.test(tls.message), JSON.stringify(tls));
  });
});
