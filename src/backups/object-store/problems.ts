import type { ObjectStorePlace } from '../../core/model/backup-place.ts';
import { displayPlace, objectStoreUrl } from '../../core/model/backup-place.ts';
import { ProblemError } from '../../core/model/problem.ts';
import type { Reason } from '../../core/model/reason.ts';

/** The fields of an error of the S3 client; a network error has only `code`. */
interface ServiceError extends Error {
  $metadata?: { httpStatusCode?: number; attempts?: number };
  Code?: string;
  code?: string;
}

/** Codes by S3's own list of errors; some servers send only the status. */
const BY_CODE: Record<string, Reason> = {
  NoSuchBucket: 'BucketNotFound',
  InvalidAccessKeyId: 'ObjectStoreDenied',
  SignatureDoesNotMatch: 'ObjectStoreDenied',
  InvalidToken: 'ObjectStoreDenied',
  AccessDenied: 'ObjectStoreDenied',
  Forbidden: 'ObjectStoreDenied',
  AllAccessDisabled: 'ObjectStoreDenied',
  CredentialsProviderError: 'ObjectStoreDenied',
  AuthorizationHeaderMalformed: 'InvalidConfiguration',
  PermanentRedirect: 'InvalidConfiguration',
  ExpiredToken: 'CredentialsExpired',
  ExpiredTokenException: 'CredentialsExpired',
  TokenRefreshRequired: 'CredentialsExpired',
  RequestTimeTooSkewed: 'ClockSkewed',
  RequestExpired: 'ClockSkewed',
  SlowDown: 'ObjectStoreBusy',
  Throttling: 'ObjectStoreBusy',
  ThrottlingException: 'ObjectStoreBusy',
  TooManyRequests: 'ObjectStoreBusy',
  TooManyRequestsException: 'ObjectStoreBusy',
  RequestLimitExceeded: 'ObjectStoreBusy',
  ServiceUnavailable: 'ObjectStoreBusy',
  QuotaExceeded: 'NoSpace',
  XMinioStorageFull: 'NoSpace',
  InsufficientStorage: 'NoSpace',
  EntityTooLarge: 'NoSpace',
  InvalidObjectState: 'BackupInvalid',
  NoSuchUpload: 'BackupFailed',
};

/** What the policy of the access key has to allow. */
export type Permission =
  | 's3:PutObject'
  | 's3:GetObject'
  | 's3:DeleteObject'
  | 's3:ListBucket'
  | 's3:ListBucketMultipartUploads'
  | 's3:AbortMultipartUpload';

/** The access key itself is refused, not only its permissions. */
const KEY_REFUSED = new Set([
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'InvalidToken',
  'CredentialsProviderError',
]);

/** Instead of the sentence of the reason. */
const BY_REQUEST: Record<string, (where: string) => string> = {
  InvalidObjectState: (where) =>
    `An object in ${where} is in an archive, to which a lifecycle rule may have moved it, and cannot be read there. Restore it from the archive, or choose another backup.`,
  NoSuchUpload: (where) =>
    `The upload to ${where} was aborted by something else, for example a lifecycle rule for unfinished uploads. Allow them the time of a whole backup, and run the command again.`,
};

const NETWORK =
  /ECONN|ENOTFOUND|EAI_AGAIN|EHOST|ENET|EPIPE|ETIMEDOUT|TimeoutError|CERT|SELF_SIGNED|UNABLE_TO|ERR_TLS|ERR_SSL|EPROTO|ERR_STREAM|socket hang up|aborted/;

/** An error of the client as a problem; any other error is returned unchanged. */
export function storeProblem(error: unknown, place: ObjectStorePlace, permission?: Permission): unknown {
  if (error instanceof ProblemError || !(error instanceof Error)) return error;
  const { $metadata, Code, code, name, message } = error as ServiceError;
  const status = $metadata?.httpStatusCode;
  if (
    $metadata === undefined &&
    code === undefined &&
    BY_CODE[name] === undefined &&
    !NETWORK.test(`${name} ${message}`)
  )
    return error;
  const key = [Code, name, code].find((each) => each !== undefined && BY_CODE[each] !== undefined);
  const reason = (key !== undefined ? BY_CODE[key] : undefined) ?? byStatus(status, `${name} ${code} ${message}`);
  if (reason === undefined) return error;
  const where = displayPlace(objectStoreUrl(place));
  const refused = reason === 'ObjectStoreDenied' && permission !== undefined && !KEY_REFUSED.has(key ?? '');
  const text =
    BY_REQUEST[key ?? '']?.(where) ??
    (refused
      ? `The object store refused a request for ${where} that needs the permission ${permission}. Check the access key and its permissions for the bucket.`
      : (messages(where, place)[reason] ?? ''));
  const parts = [Code ?? (name === 'Error' ? code : name), message].filter((part) => part && part !== 'UnknownError');
  const full = `${text} The error of the server: ${[...new Set(parts)].join(': ').replace(/\.$/, '')}.`;
  return new ProblemError({ reason, message: full, code: Code ?? name }, { cause: error });
}

/** A request opens no file but those with credentials: the token of a pod, for example. */
export function unreadableCredentials(error: unknown, place: ObjectStorePlace): ProblemError | undefined {
  const { syscall, code, message } = error as { syscall?: string; code?: string; message?: string };
  if (syscall !== 'open' && syscall !== 'read') return undefined;
  const where = displayPlace(objectStoreUrl(place));
  const why = `The credentials for ${where} cannot be read: ${message}. Check AWS_WEB_IDENTITY_TOKEN_FILE and the service account.`;
  return new ProblemError({ reason: 'ObjectStoreDenied', message: why, code }, { cause: error });
}

function byStatus(status: number | undefined, text: string): Reason | undefined {
  if (/no space left|disk full|storage.*full/i.test(text) || status === 507) return 'NoSpace';
  if (status === 401 || status === 403) return 'ObjectStoreDenied';
  if (status === 429 || status === 503) return 'ObjectStoreBusy';
  if (status === 301 || status === 307) return 'InvalidConfiguration';
  if (status !== undefined && status >= 500) return 'ObjectStoreUnreachable';
  if (NETWORK.test(text)) return 'ObjectStoreUnreachable';
  return status === undefined ? undefined : 'BackupFailed';
}

function messages(where: string, { endpoint, bucket }: ObjectStorePlace): Partial<Record<Reason, string>> {
  const server = endpoint ?? 'AWS';
  return {
    BucketNotFound: `The bucket ${bucket} does not exist on ${server}. Create it, or correct the place of backups.`,
    ObjectStoreDenied: `The object store refused the credentials for ${where}. Check the access key and its permissions for the bucket.`,
    InvalidConfiguration: `The region or the endpoint of ${where} is wrong. Correct it in the place of backups.`,
    CredentialsExpired: `The credentials for ${where} have expired. Renew them and run the command again.`,
    ClockSkewed: `The clock of this machine differs from that of ${server} by more than it allows. Set the clock.`,
    ObjectStoreBusy: `The object store ${where} is busy and refused every attempt. Try again later.`,
    NoSpace: `The object store ${where} is full. Enlarge it, or delete old backups: \`db-manager prune\`.`,
    ObjectStoreUnreachable: `The object store ${where} cannot be reached, or it failed. Check ${server} and the network.`,
    BackupFailed: `The object store ${where} refused the request.`,
  };
}
