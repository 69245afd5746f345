/** User and password of a connection, where they are valid for a short time only. */
import { readFile } from 'node:fs/promises';
import { ProblemError } from '../../core/model/problem.ts';
import { Secret } from '../../core/model/secret.ts';
import type { DatabaseTarget, PostgresLogin, PostgresTarget } from '../../core/model/target.ts';
import { requirePackages } from '../../required-packages.ts';

type RdsSigner = InstanceType<typeof import('@aws-sdk/rds-signer').Signer>;

/** One for each login, because it keeps and renews the credentials that it signs with. */
const SIGNERS = new Map<string, RdsSigner>();

/**
 * The target with the current user and password. Host and database do not change: a run never moves to another
 * database. Throws ProblemError InvalidConfiguration or AuthenticationFailed.
 */
export async function withCurrentLogin(target: PostgresTarget): Promise<PostgresTarget> {
  const { login } = target;
  if (login === undefined) return target;
  if (login.kind === 'file') return fromFile(target, login);
  return { ...target, password: new Secret(await rdsToken(target, login.region)) };
}

async function fromFile(
  target: PostgresTarget,
  { path, parseUrl }: Extract<PostgresLogin, { kind: 'file' }>,
): Promise<PostgresTarget> {
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    // A kubelet fills the file of a Secret later than the variable of the same Secret, which the target was made from.
    if (cause.code === 'ENOENT') return undefined;
    const message = `The login of the database is read again for each connection, and its file cannot be read: ${cause.message}.`;
    throw new ProblemError({ reason: 'InvalidConfiguration', message }, { cause });
  });
  if (text === undefined) return target;
  if (parseUrl === undefined) return { ...target, password: new Secret(text.replace(/\r?\n$/, '')) };
  const read = current(parseUrl, text, path);
  return { ...target, user: read.user, password: read.password ?? target.password };
}

function current(parseUrl: (url: string) => DatabaseTarget, text: string, path: string): PostgresTarget {
  let why = 'It is not the URL of a PostgreSQL database.';
  try {
    const read = parseUrl(text);
    if ('host' in read) return read;
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    why = error.problem.message;
  }
  throw new ProblemError({
    reason: 'InvalidConfiguration',
    message: `${path} is read again for each connection, and is no longer valid. ${why}`,
  });
}

/** Valid for 15 minutes, and checked by the server only while connecting. */
async function rdsToken({ host, port, user }: PostgresTarget, given: string | undefined): Promise<string> {
  const region = given ?? process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION ?? regionOf(host);
  if (region === undefined) {
    throw new ProblemError({
      reason: 'InvalidConfiguration',
      message: `The region of ${host} is not known, which a login with IAM needs. Add aws_region to the database URL, or set AWS_REGION.`,
    });
  }
  try {
    return await (await signerFor(host, port, user, region)).getAuthToken();
  } catch (cause) {
    if (cause instanceof ProblemError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    const message = `No IAM token for ${user} on ${host} could be created: ${why.replace(/\.$/, '')}. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the pod an identity.`;
    throw new ProblemError({ reason: 'AuthenticationFailed', message }, { cause });
  }
}

/** `trading.abc123.eu-central-1.rds.amazonaws.com` */
function regionOf(host: string): string | undefined {
  return /\.([a-z]{2}(?:-[a-z]+)+-\d)\.rds\.amazonaws\.com(?:\.cn)?$/.exec(host.toLowerCase())?.[1];
}

async function signerFor(hostname: string, port: number, username: string, region: string): Promise<RdsSigner> {
  const key = JSON.stringify([hostname, port, username, region]);
  let signer = SIGNERS.get(key);
  if (signer === undefined) {
    requirePackages('A login with IAM', ['@aws-sdk/rds-signer']);
    const { Signer } = await import('@aws-sdk/rds-signer');
    signer = new Signer({ hostname, port, username, region });
    SIGNERS.set(key, signer);
  }
  return signer;
}
