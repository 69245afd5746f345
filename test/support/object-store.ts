/** A real S3 server for tests, with one bucket. One server of each make is shared by a test process. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { CreateBucketCommand, PutBucketPolicyCommand, S3Client } from '@aws-sdk/client-s3';
import { temporaryFolder } from './lifetime.ts';
import { freePort } from './ports.ts';
import { eventually, findOnPath, mustRun, type Server, startServer } from './processes.ts';
import { cachedObjectStore, OBJECT_STORES, type ObjectStoreName } from './programs/object-stores.ts';

export { OBJECT_STORES, type ObjectStoreName } from './programs/object-stores.ts';

/** Both servers know them; the client reads them from the environment, as it does in production. */
export const CREDENTIALS = {
  AWS_ACCESS_KEY_ID: 'test-access',
  AWS_SECRET_ACCESS_KEY: 'test-secret-of-the-object-store',
};

export interface TestObjectStore {
  name: ObjectStoreName;
  endpoint: string;
  bucket: string;
  server: Server;
  /** Where versitygw keeps the objects. */
  folder: string;
  client: S3Client;
  /** `s3://bucket/prefix?endpoint=…` */
  place(prefix: string): string;
}

/** The makes that are here. With CI=true all of them: a test that starts a missing one fails. */
export const AVAILABLE_OBJECT_STORES: readonly ObjectStoreName[] = OBJECT_STORES.filter(
  (name) => process.env.CI === 'true' || cachedObjectStore(name) !== undefined,
);

/** `describe` for the tests of a make; they are skipped where it is not here. */
export function describeOn(name: ObjectStoreName): Mocha.SuiteFunction | Mocha.PendingSuiteFunction {
  return AVAILABLE_OBJECT_STORES.includes(name) ? describe : describe.skip;
}

const started = new Map<ObjectStoreName, Promise<TestObjectStore>>();

/** The server that this test process shares. */
export function sharedObjectStore(name: ObjectStoreName): Promise<TestObjectStore> {
  Object.assign(process.env, CREDENTIALS);
  let store = started.get(name);
  if (store === undefined) {
    store = startObjectStore(name);
    started.set(name, store);
  }
  return store;
}

/** A server of its own, at an address of this machine. Throws if it was not fetched: `npm run setup`. */
export async function startObjectStore(
  name: ObjectStoreName,
  parent?: string,
  address = '127.0.0.1',
): Promise<TestObjectStore> {
  const program = cachedObjectStore(name);
  if (program === undefined) throw new Error(`${name} was not fetched. Run: npm run setup`);
  const work = await temporaryFolder(name);
  const folder = join(parent ?? work, 'objects');
  mkdirSync(folder, { recursive: true });
  const port = await freePort();
  const endpoint = `http://${address}:${port}`;
  const logFile = join(work, 'log');
  const server = await startServer({ ...commandOf(name, program, address, port, folder, join(work, 'iam')), logFile });
  const client = new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: {
      accessKeyId: CREDENTIALS.AWS_ACCESS_KEY_ID,
      secretAccessKey: CREDENTIALS.AWS_SECRET_ACCESS_KEY,
    },
  });
  const bucket = 'backups';
  await eventually(
    `${name} to answer`,
    () =>
      client.send(new CreateBucketCommand({ Bucket: bucket, ObjectLockEnabledForBucket: true })).then(
        () => true,
        () => false,
      ),
    { explain: () => server.logTail() },
  );
  const place = (prefix: string) => `s3://${bucket}/${prefix}?endpoint=${encodeURIComponent(endpoint)}`;
  return { name, endpoint, bucket, server, folder, client, place };
}

/** A user of versitygw with its own key, and a policy of the bucket that allows it these actions; `remove` revokes the key. */
export async function addUser(store: TestObjectStore, name: string, actions: readonly string[]) {
  const program = cachedObjectStore('versitygw') ?? '';
  const { AWS_ACCESS_KEY_ID: access, AWS_SECRET_ACCESS_KEY: secret } = CREDENTIALS;
  const admin = (...args: string[]) =>
    mustRun(program, ['admin', '--access', access, '--secret', secret, '--endpoint-url', store.endpoint, ...args]);
  const key = { AWS_ACCESS_KEY_ID: name, AWS_SECRET_ACCESS_KEY: `secret-of-${name}` };
  await admin('create-user', '--access', name, '--secret', key.AWS_SECRET_ACCESS_KEY, '--role', 'user');
  const Statement = [store.bucket, `${store.bucket}/*`].map((resource, at) => ({
    Effect: 'Allow',
    Principal: { AWS: [name] },
    Action: actions.filter((each) => each.startsWith('s3:ListBucket') === (at === 0)),
    Resource: [`arn:aws:s3:::${resource}`],
  }));
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: Statement.filter(({ Action }) => Action.length > 0),
  });
  await store.client.send(new PutBucketPolicyCommand({ Bucket: store.bucket, Policy }));
  return { key, remove: () => admin('delete-user', '--access', name) };
}

function commandOf(
  name: ObjectStoreName,
  program: string,
  address: string,
  port: number,
  folder: string,
  users: string,
) {
  if (name === 'versitygw') {
    const versions = `${folder}-versions`;
    for (const each of [versions, users]) mkdirSync(each, { recursive: true });
    // Without the cache, a deleted user is refused at once.
    const iam = ['--iam-dir', users, '--iam-cache-disable'];
    const args = ['--port', `${address}:${port}`, '--quiet', ...iam, 'posix', '--versioning-dir', versions, folder];
    const { AWS_ACCESS_KEY_ID: access, AWS_SECRET_ACCESS_KEY: secret } = CREDENTIALS;
    return { command: program, args, env: { ...process.env, ROOT_ACCESS_KEY: access, ROOT_SECRET_KEY: secret } };
  }
  const python = findOnPath('python3');
  if (python === undefined) throw new Error('python3 is not installed');
  const args = ['-m', 'moto.server', '-H', address, '-p', String(port)];
  return { command: python, args, env: { ...process.env, PYTHONPATH: program } };
}
