/** The requests that backups need, on keys below the prefix of the place. */

import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { S3Client } from '@aws-sdk/client-s3';
import { backoff } from '../../core/model/backoff.ts';
import type { ObjectStorePlace } from '../../core/model/backup-place.ts';
import { connectStore, type Sdk } from './client.ts';
import { type Permission, storeProblem, unreadableCredentials } from './problems.ts';

export interface StoredObject {
  key: string;
  sizeBytes: number;
  /** By the clock of the server. */
  changedAt: Date;
}

interface UnfinishedUpload {
  key: string;
  id: string;
}

/** Keys are relative to the prefix. Every error is a ProblemError, if the client's error is known. */
export interface Objects {
  put(key: string, text: string): Promise<void>;
  /** Streams in parts; nothing exists under the key before it returns. */
  upload(key: string, source: AsyncIterable<Buffer>, options: UploadOptions): Promise<void>;
  text(key: string): Promise<string | undefined>;
  stream(key: string, signal?: AbortSignal): AsyncIterable<Buffer>;
  /** Size and retention; undefined if the object does not exist. */
  head(key: string): Promise<{ sizeBytes: number; retainedUntil?: Date; legalHold: boolean } | undefined>;
  list(below: string): Promise<StoredObject[]>;
  delete(key: string): Promise<void>;
  unfinished(below: string): Promise<UnfinishedUpload[]>;
  abort(upload: UnfinishedUpload): Promise<void>;
}

interface UploadOptions {
  expectedBytes: number;
  signal?: AbortSignal;
}

/** S3 allows 10,000 parts. The estimate of the size may be wrong by half. */
const MOST_PARTS = 10_000;
const SMALLEST_PART = 5 * 1024 * 1024;
/** Parts in memory at the same time, in bytes. */
const IN_FLIGHT = 16 * 1024 * 1024;

function partsFor(expectedBytes: number): { partSize: number; queueSize: number } {
  const partSize = Math.max(SMALLEST_PART, Math.ceil((expectedBytes * 1.5) / MOST_PARTS));
  return { partSize, queueSize: Math.max(1, Math.min(4, Math.floor(IN_FLIGHT / partSize))) };
}

export async function openObjects(place: ObjectStorePlace): Promise<Objects> {
  const { sdk, client } = await connectStore(place);
  const { bucket: Bucket } = place;
  const root = place.prefix === '' ? '' : `${place.prefix}/`;
  const at = (key: string) => ({ Bucket, Key: root + key });
  const asked = <T>(permission: Permission, work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      throw unreadableCredentials(error, place) ?? storeProblem(error, place, permission);
    });
  const missing = (error: unknown) =>
    error instanceof Error && /^(NotFound|NoSuchKey)$/.test(error.name) ? undefined : Promise.reject(error);
  /** The answer to HEAD has no body: a GET distinguishes a missing object from a missing bucket and has the cause of a refusal. */
  const explained = (key: string) => async (error: unknown) => {
    const { name, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
    const status = $metadata?.httpStatusCode ?? 0;
    if (status < 400 || status >= 500) throw error;
    await client.send(new sdk.GetObjectCommand({ ...at(key), Range: 'bytes=0-0' })).catch(missing);
    if (name === 'NotFound') return undefined;
    throw error;
  };
  return {
    put: (key, text) =>
      asked(
        's3:PutObject',
        client.send(new sdk.PutObjectCommand({ ...at(key), Body: text, ContentType: 'application/json' })),
      ).then(() => {}),
    async upload(key, source, { expectedBytes, signal }) {
      const { Upload } = await import('@aws-sdk/lib-storage');
      const abortController = new AbortController();
      const stop = () => abortController.abort();
      signal?.addEventListener('abort', stop);
      if (signal?.aborted) stop();
      // Errors of the source reach the caller unchanged.
      const failure: { error?: unknown } = {};
      const body = Readable.from(remembering(source, failure), { objectMode: false, highWaterMark: 1024 * 1024 });
      try {
        const upload = new Upload({
          client,
          params: { ...at(key), Body: body },
          abortController,
          ...partsFor(expectedBytes),
        });
        await upload.done();
      } catch (error) {
        body.destroy();
        signal?.throwIfAborted();
        throw 'error' in failure ? failure.error : storeProblem(error, place, 's3:PutObject');
      } finally {
        signal?.removeEventListener('abort', stop);
      }
    },
    async text(key) {
      const found = await asked('s3:GetObject', client.send(new sdk.GetObjectCommand(at(key))).catch(missing));
      return found && asked('s3:GetObject', found.Body?.transformToString() ?? Promise.resolve(''));
    },
    stream: (key, signal) => resumed(sdk, client, at(key), place, signal),
    async head(key) {
      const found = await asked('s3:GetObject', client.send(new sdk.HeadObjectCommand(at(key))).catch(explained(key)));
      return (
        found && {
          sizeBytes: found.ContentLength ?? 0,
          retainedUntil: found.ObjectLockRetainUntilDate,
          legalHold: found.ObjectLockLegalHoldStatus === 'ON',
        }
      );
    },
    async list(below) {
      const all: StoredObject[] = [];
      let token: string | undefined;
      do {
        const page = await asked(
          's3:ListBucket',
          client.send(new sdk.ListObjectsV2Command({ Bucket, Prefix: root + below, ContinuationToken: token })),
        );
        for (const { Key = '', Size = 0, LastModified = new Date(0) } of page.Contents ?? []) {
          all.push({ key: Key.slice(root.length), sizeBytes: Size, changedAt: LastModified });
        }
        token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
      } while (token !== undefined);
      return all;
    },
    delete: (key) => asked('s3:DeleteObject', client.send(new sdk.DeleteObjectCommand(at(key)))).then(() => {}),
    async unfinished(below) {
      const all: UnfinishedUpload[] = [];
      let from: { KeyMarker?: string; UploadIdMarker?: string } = {};
      for (;;) {
        const page = await asked(
          's3:ListBucketMultipartUploads',
          client.send(new sdk.ListMultipartUploadsCommand({ Bucket, Prefix: root + below, ...from })),
        );
        for (const { Key = '', UploadId = '' } of page.Uploads ?? []) {
          // Some servers do not limit the answer to the prefix.
          if (Key.startsWith(root + below)) all.push({ key: Key.slice(root.length), id: UploadId });
        }
        if (page.IsTruncated !== true || page.NextKeyMarker === undefined) return all;
        from = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
      }
    },
    abort: ({ key, id }) =>
      asked(
        's3:AbortMultipartUpload',
        client.send(new sdk.AbortMultipartUploadCommand({ ...at(key), UploadId: id })).then(
          () => {},
          (error: unknown) => {
            if (!(error instanceof Error) || error.name !== 'NoSuchUpload') throw error;
          },
        ),
      ),
  };
}

async function* remembering(source: AsyncIterable<Buffer>, failure: { error?: unknown }): AsyncGenerator<Buffer> {
  try {
    yield* source;
  } catch (error) {
    failure.error = error;
    throw error;
  }
}

/** How often a download continues where the connection was cut, without progress in between. */
const RESUMES = 5;
/** Delays before the download goes on. Milliseconds. */
const RESUME_MS = { first: 400, most: 6_400 } as const;

async function* resumed(
  sdk: Sdk,
  client: S3Client,
  at: { Bucket: string; Key: string },
  place: ObjectStorePlace,
  signal?: AbortSignal,
): AsyncGenerator<Buffer> {
  let done = 0;
  let tag: string | undefined;
  for (let failures = 0; ; ) {
    try {
      const range = tag === undefined ? {} : { Range: `bytes=${done}-`, IfMatch: tag };
      const { Body, ETag, ContentLength } = await client.send(new sdk.GetObjectCommand({ ...at, ...range }), {
        abortSignal: signal,
      });
      tag ??= ETag;
      const total = done + (ContentLength ?? 0);
      for await (const piece of Body as AsyncIterable<Buffer>) {
        done += piece.length;
        failures = 0;
        yield piece;
      }
      if (ContentLength === undefined || done >= total) return;
      throw Object.assign(new Error('the connection ended early'), { code: 'ECONNRESET' });
    } catch (error) {
      signal?.throwIfAborted();
      const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
      // An answer of the server is final: the client has repeated the request itself.
      if (tag === undefined || status !== undefined || ++failures > RESUMES)
        throw storeProblem(error, place, 's3:GetObject');
      await sleep(backoff(failures, RESUME_MS));
    }
  }
}
