/** The S3 client, loaded only for an `s3://` place. Credentials come from its default chain: environment, files, the pod's identity. */
import { readFileSync } from 'node:fs';
import { Agent as HttpAgent } from 'node:http';
import { Agent } from 'node:https';
import { rootCertificates } from 'node:tls';
import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3';
import type { ObjectStorePlace } from '../../core/model/backup-place.ts';
import { ProblemError } from '../../core/model/problem.ts';
import { requirePackages } from '../../required-packages.ts';

/** With backoff up to 20 s: a minute of throttling or a restart of the server. */
const ATTEMPTS = 8;
const CONNECT_MS = 10_000;
/** Without a byte in either direction. */
const SILENCE_MS = 60_000;
/** Every S3-compatible server accepts it; only AWS checks it. */
const DEFAULT_REGION = 'us-east-1';

export type Sdk = typeof import('@aws-sdk/client-s3');

/** Throws ProblemError InvalidConfiguration if the client is not installed or the certificate cannot be read. */
export async function connectStore(place: ObjectStorePlace): Promise<{ sdk: Sdk; client: S3Client }> {
  // The second one is loaded only for an upload; a run must not fail when it has read everything else.
  requirePackages('A backup in an object store', ['@aws-sdk/client-s3', '@aws-sdk/lib-storage']);
  const sdk = await import('@aws-sdk/client-s3');
  const ca = place.caFile === undefined ? undefined : [...rootCertificates, readCertificate(place.caFile)];
  const config: S3ClientConfig = {
    maxAttempts: Number(process.env.AWS_MAX_ATTEMPTS) || ATTEMPTS,
    requestHandler: {
      httpAgent: new HttpAgent({ keepAlive: true }),
      httpsAgent: new Agent({ keepAlive: true, ca }),
      connectionTimeout: CONNECT_MS,
      socketTimeout: SILENCE_MS,
    },
    ...(place.region === undefined && regionOfEnvironment() !== undefined
      ? {}
      : { region: place.region ?? DEFAULT_REGION }),
    // The manifest has a hash of the whole, which is compared wherever it matters.
    responseChecksumValidation: 'WHEN_REQUIRED',
    // A server that is not AWS is seldom reached by the names of its buckets.
    forcePathStyle: place.pathStyle ?? place.endpoint !== undefined,
    ...(place.endpoint === undefined ? {} : { endpoint: place.endpoint }),
    // Warnings of the client are not messages of ours.
    logger: { trace() {}, debug() {}, info() {}, warn() {}, error() {} },
  };
  return { sdk, client: new sdk.S3Client(config) };
}

function regionOfEnvironment(): string | undefined {
  return process.env.AWS_REGION || process.env.AWS_DEFAULT_REGION || process.env.AWS_PROFILE || undefined;
}

function readCertificate(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const message = `The certificate for the object store cannot be read: ${(cause as Error).message}.`;
    throw new ProblemError({ reason: 'InvalidConfiguration', message }, { cause });
  }
}
