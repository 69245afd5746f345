/** A real S3 server for tests, with one bucket. One server of each make is shared by a test process. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { temporaryFolder } from './lifetime.ts';
import { freePort } from './ports.ts';
import { eventually, findOnPath, type Server, startServer } from './processes.ts';
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
  const server = await startServer({ ...commandOf(name, program, address, port, folder), logFile });
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

function commandOf(name: ObjectStoreName, program: string, address: string, port: number, folder: string) {
  if (name === 'versitygw') {
    const versions = `${folder}-versions`;
    mkdirSync(versions, { recursive: true });
    const args = ['--port', `${address}:${port}`, '--quiet', 'posix', '--versioning-dir', versions, folder];
    const { AWS_ACCESS_KEY_ID: access, AWS_SECRET_ACCESS_KEY: secret } = CREDENTIALS;
    return { command: program, args, env: { ...process.env, ROOT_ACCESS_KEY: access, ROOT_SECRET_KEY: secret } };
  }
  const python = findOnPath('python3');
  if (python === undefined) throw new Error('python3 is not installed');
  const args = ['-m', 'moto.server', '-H', address, '-p', String(port)];
  return { command: python, args, env: { ...process.env, PYTHONPATH: program } };
}
