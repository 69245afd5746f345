import { halves, withoutUndefined } from './parts.ts';
import { invalidConfiguration } from './problem.ts';

/** Where backups are: a folder, or a prefix in a bucket of an S3-compatible object store. It contains no credentials. */
type BackupPlace = { kind: 'folder'; folder: string } | ObjectStorePlace;

export interface ObjectStorePlace {
  kind: 'objectStore';
  bucket: string;
  /** Without slashes at the ends; empty for the whole bucket. */
  prefix: string;
  /** URL of the server; absent: AWS. */
  endpoint?: string;
  region?: string;
  /** The bucket is in the path of the URL, not in the host name. */
  pathStyle?: boolean;
  /** File of PEM certificates of authorities, next to those of the system. */
  caFile?: string;
}

const SCHEME = 's3://';
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const PARAMETERS = ['endpoint', 'region', 'pathStyle', 'caFile'];

/** Whether the text is the URL of an object store. Any other text is a folder. */
export function isObjectStore(text: string): boolean {
  return text.startsWith(SCHEME);
}

/**
 * `/data/backups` or `s3://bucket/prefix?endpoint=https://host&region=eu-1&pathStyle=true&caFile=/ca.pem`. Throws
 * ProblemError InvalidConfiguration; the message does not repeat credentials that were written into the URL.
 */
export function parseBackupPlace(text: string): BackupPlace {
  if (!isObjectStore(text)) return { kind: 'folder', folder: text };
  const [path, query] = halves(text.slice(SCHEME.length), '?');
  if (path.includes('@')) {
    throw invalidConfiguration(
      'The URL of the backups contains credentials. Remove them, and set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.',
    );
  }
  const [bucket, rest] = halves(path, '/');
  if (!BUCKET.test(bucket)) {
    throw invalidConfiguration(
      `"${bucket}" is not a valid bucket name. Write the place of backups as s3://bucket/prefix.`,
    );
  }
  const prefix = decode(rest).replace(/^\/+|\/+$/g, '');
  if (/(^|\/)\.{1,2}(\/|$)|\/\/|[\p{Cc}\\]/u.test(prefix)) {
    throw invalidConfiguration(
      `"${prefix}" is not a valid prefix. Use names separated by single slashes, without "." and "..".`,
    );
  }
  return { kind: 'objectStore', bucket, prefix, ...parameters(new URLSearchParams(query)) };
}

function parameters(query: URLSearchParams): Pick<ObjectStorePlace, 'endpoint' | 'region' | 'pathStyle' | 'caFile'> {
  const unknown = [...query.keys()].find((key) => !PARAMETERS.includes(key));
  if (unknown !== undefined) {
    throw invalidConfiguration(
      `The place of backups has the unknown parameter "${unknown}". Known are ${PARAMETERS.join(', ')}.`,
    );
  }
  const [endpoint, region, pathStyle, caFile] = PARAMETERS.map((name) => query.get(name) || undefined);
  if (endpoint !== undefined) checkEndpoint(endpoint);
  if (pathStyle !== undefined && pathStyle !== 'true' && pathStyle !== 'false') {
    throw invalidConfiguration('pathStyle in the place of backups must be true or false.');
  }
  return withoutUndefined({ endpoint, region, pathStyle: pathStyle && pathStyle === 'true', caFile });
}

function checkEndpoint(endpoint: string): void {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw invalidConfiguration(
      'The endpoint in the place of backups must be a URL such as https://s3.example.org:9000.',
    );
  }
  if (url.username !== '' || url.password !== '') {
    throw invalidConfiguration(
      'The endpoint of the backups contains credentials. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.',
    );
  }
}

/** The place as text, with `key` below its prefix. The inverse of `parseBackupPlace`. */
export function objectStoreUrl(place: ObjectStorePlace, key = ''): string {
  const { endpoint, region, pathStyle, caFile } = place;
  const query = new URLSearchParams(withoutUndefined({ endpoint, region, pathStyle: pathStyle?.toString(), caFile }));
  const path = [place.bucket, place.prefix, key]
    .filter((part) => part !== '')
    .map(encode)
    .join('/');
  const parameters = query.size === 0 ? '' : `?${query}`;
  return `${SCHEME}${path}${parameters}`;
}

/** For messages: without parameters. */
export function displayPlace(text: string): string {
  return isObjectStore(text) ? halves(text, '?')[0] : text;
}

/** The last part of a path or URL. */
export function baseName(path: string): string {
  const plain = displayPlace(path);
  return plain.slice(plain.lastIndexOf('/') + 1);
}

function encode(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw invalidConfiguration('The place of backups contains a "%" that is not an escape. Write it as %25.');
  }
}
