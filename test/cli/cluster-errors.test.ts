import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { REASONS } from '../../src/core/model/reason.ts';
import { freePort } from '../support/ports.ts';
import { type Project, project } from './fixtures.ts';

const MANIFEST = `apiVersion: db-manager.dev/v1alpha1
kind: DatabaseMigration
metadata: {name: app}
spec:
  database: {urlFrom: {secretKeyRef: {name: db, key: url}}}
  migrations: {runnerImage: {path: /migrations}}
`;

describe('a command that asks a cluster', () => {
  let here: Project;
  let server: Server;
  let answer: { code: number; reason: string; message: string };
  before(async () => {
    here = await project('sqlite');
    await here.write('app.yaml', MANIFEST);
    server = createServer((_, response) => {
      const { code, ...status } = answer;
      response.writeHead(code, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code, ...status }));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    await kubeconfig('cluster', (server.address() as AddressInfo).port);
    await kubeconfig('nowhere', await freePort());
  });
  after(() => server.close());

  const kubeconfig = (name: string, port: number) =>
    here.write(
      name,
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [{ name: 'x', cluster: { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } }],
        users: [{ name: 'x', user: {} }],
        contexts: [{ name: 'x', context: { cluster: 'x', user: 'x' } }],
        'current-context': 'x',
      }),
    );
  const run = (name: string, ...args: string[]) => here.runWith({ KUBECONFIG: join(here.folder, name) }, ...args);

  for (const args of [['status'], ['status', 'app'], ['apply', '-f', 'app.yaml']]) {
    it(`${args[0]} ends with 1 where the API server cannot be reached`, async () => {
      const { code, err } = await run('nowhere', ...args);
      assert.match(err, /^error: ApiServerUnreachable: /m);
      assert.equal(code, 1);
    });
  }

  for (const [code, reason, message, expected] of [
    [500, 'InternalError', 'etcd is gone', 'ApiServerUnavailable'],
    [503, 'ServiceUnavailable', 'starting', 'ApiServerUnavailable'],
    [429, 'TooManyRequests', 'too many', 'ApiServerUnavailable'],
    [409, 'Conflict', 'conflict with "kubectl": .spec.target', 'Conflict'],
    [403, 'Forbidden', 'cannot patch', 'PermissionDenied'],
    [401, 'Unauthorized', 'who are you', 'PermissionDenied'],
    [422, 'Invalid', 'spec.target: too long', 'InvalidConfiguration'],
    [404, 'NotFound', 'the server could not find the resource', 'InvalidConfiguration'],
  ] as const) {
    it(`reports ${expected} for ${code}, with the message of the server`, async () => {
      answer = { code, reason, message };
      const { code: exit, err } = await run('cluster', 'apply', '-f', 'app.yaml');
      assert.match(err, new RegExp(`^error: ${expected}: `, 'm'));
      assert.ok(err.includes(message), err);
      assert.equal(exit, REASONS[expected].exit);
      assert.doesNotMatch(err, /^ {4}at /m);
    });
  }
});
