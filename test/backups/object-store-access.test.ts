/** How an object store is reached: retention locks, certificates, regions, the identity of a pod, slow connections, a wrong clock. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { PutObjectRetentionCommand } from '@aws-sdk/client-s3';
import { listBackups } from '../../src/backups/list.ts';
import { pruneBackups } from '../../src/backups/prune.ts';
import { takeBackup } from '../../src/backups/take.ts';
import { verifyBackup } from '../../src/backups/verify.ts';
import { dbManager } from '../cli/process.ts';
import { createAuthority } from '../support/certificates.ts';
import { temporaryFolder } from '../support/databases.ts';
import {
  CREDENTIALS,
  describeOn,
  OBJECT_STORES,
  sharedObjectStore,
  type TestObjectStore,
} from '../support/object-store.ts';
import { faultyStore } from '../support/object-store-proxy.ts';
import { type Ground, ground, OPTIONS } from './fixtures.ts';
import { problem } from './problems.ts';

for (const name of OBJECT_STORES) {
  describeOn(name)(`access to ${name}`, function () {
    this.timeout(180_000);
    let store: TestObjectStore;
    let on: Ground;
    before(async () => {
      store = await sharedObjectStore(name);
      on = await ground('sqlite');
    });
    after(() => on.close());

    it('under object lock: prune keeps the backup and reports the end of the retention', async () => {
      const place = store.place('locked');
      const old = await takeBackup(on.db, place, { ...OPTIONS, now: new Date('2026-01-01T00:00:00Z') });
      await takeBackup(on.db, place, { ...OPTIONS, now: new Date('2026-01-02T00:00:00Z') });
      const Key = decodeURIComponent(old.path.split('?')[0]?.slice(`s3://${store.bucket}/`.length) ?? '');
      const until = new Date(Math.ceil(Date.now() / 1000) * 1000 + 86_400_000);
      const Retention = { Mode: 'GOVERNANCE' as const, RetainUntilDate: until };
      await store.client.send(new PutObjectRetentionCommand({ Bucket: store.bucket, Key, Retention }));
      const kept: string[] = [];
      const removed = await pruneBackups(place, {
        last: 1,
        days: 0,
        databaseId: on.db.identity.id,
        now: new Date(),
        onKept: (message) => kept.push(message),
      });
      assert.deepEqual(removed, []);
      assert.deepEqual(kept, [
        `${old.manifest.name} was not deleted: object lock protects it until ${until.toISOString()}.`,
      ]);
      assert.equal((await listBackups(place)).backups.length, 2);
    });

    it('over TLS needs caFile for a private certificate authority', async () => {
      const folder = await temporaryFolder('authority');
      const authority = await createAuthority(folder, 'test');
      const { certFile, keyFile } = await authority.issue({
        name: 'store',
        commonName: '127.0.0.1',
        hosts: ['127.0.0.1'],
      });
      const upstream = new URL(store.endpoint);
      const server = createServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) }, (from, to) => {
        const { method, url: path, headers } = from;
        const forward = request(
          { hostname: upstream.hostname, port: upstream.port, method, path, headers },
          (answer) => {
            to.writeHead(answer.statusCode ?? 500, answer.headers);
            answer.pipe(to);
          },
        );
        forward.on('error', () => from.socket.destroy());
        from.pipe(forward);
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const endpoint = encodeURIComponent(`https://127.0.0.1:${(server.address() as AddressInfo).port}`);
      const place = `s3://${store.bucket}/tls?endpoint=${endpoint}`;
      process.env.AWS_MAX_ATTEMPTS = '1';
      try {
        await problem('ObjectStoreUnreachable', () => takeBackup(on.db, place, OPTIONS));
        const trusted = `${place}&caFile=${encodeURIComponent(authority.certFile)}`;
        await verifyBackup(await takeBackup(on.db, trusted, OPTIONS));
        // As in a pod of the chart in mode standalone.
        const env = { ...CREDENTIALS, NODE_EXTRA_CA_CERTS: authority.certFile };
        const { code, stderr } = await dbManager(['list-backups', '--backups', place], env);
        assert.equal(code, 0, stderr);
        await problem('InvalidConfiguration', () => listBackups(`${place}&caFile=/no/such/file.pem`));
      } finally {
        delete process.env.AWS_MAX_ATTEMPTS;
        server.closeAllConnections();
        server.close();
      }
    });

    it('over a slow connection takes longer and succeeds', async () => {
      const proxy = await faultyStore(store);
      proxy.fault = () => ({ bytesPerSecond: 200_000 });
      try {
        await verifyBackup(await takeBackup(on.db, proxy.place('slow'), OPTIONS));
      } finally {
        await proxy.close();
      }
    });

    it('with a clock that is wrong by an hour works: the client corrects it', async () => {
      await takeBackup(on.db, store.place('clock'), OPTIONS);
      const shifted =
        'const D = Date; globalThis.Date = class extends D { constructor(...a) { a.length ? super(...a) : super(D.now() - 3600000) } static now() { return D.now() - 3600000 } }';
      const env = { ...CREDENTIALS, NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(shifted)}` };
      const { code, stderr } = await dbManager(['list-backups', '--backups', store.place('clock')], env);
      assert.equal(code, 0, stderr);
    });
  });
}

describeOn('versitygw')('the region of a bucket', () => {
  it('that is wrong is InvalidConfiguration', async function () {
    this.timeout(60_000);
    const store = await sharedObjectStore('versitygw');
    await problem('InvalidConfiguration', () => listBackups(`${store.place('region')}&region=eu-central-1`));
    assert.deepEqual((await listBackups(`${store.place('region')}&region=us-east-1`)).backups, []);
  });
});

describeOn('moto')('the identity of a pod', () => {
  it('is a token in a file, for which the client gets temporary credentials', async function () {
    this.timeout(60_000);
    const store = await sharedObjectStore('moto');
    const on = await ground('sqlite');
    const token = join(await temporaryFolder('token'), 'token');
    await writeFile(token, 'a-token-of-a-service-account');
    const proxy = await faultyStore(store);
    const sts = new URL(
      proxy.place('x').split('endpoint=')[1] ? decodeURIComponent(proxy.place('x').split('endpoint=')[1] ?? '') : '',
    );
    const before = { ...process.env };
    for (const key of Object.keys(CREDENTIALS)) delete process.env[key];
    Object.assign(process.env, {
      AWS_WEB_IDENTITY_TOKEN_FILE: token,
      AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/backups',
      AWS_ENDPOINT_URL_STS: sts.origin,
      AWS_REGION: 'us-east-1',
      AWS_EC2_METADATA_DISABLED: 'true',
    });
    try {
      const taken = await takeBackup(on.db, store.place('identity'), OPTIONS);
      await verifyBackup(taken);
      assert.ok(
        proxy.seen.some((each) => each.startsWith('POST /')),
        'the token was exchanged',
      );
      process.env.AWS_WEB_IDENTITY_TOKEN_FILE = `${token}-missing`;
      await problem('ObjectStoreDenied', () => takeBackup(on.db, store.place('identity'), OPTIONS));
    } finally {
      for (const key of Object.keys(process.env)) if (!(key in before)) delete process.env[key];
      Object.assign(process.env, before);
      await proxy.close();
      await on.close();
    }
  });
});
