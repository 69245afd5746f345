import { readFile } from 'node:fs/promises';
import type { AuditedRequest } from './control-plane.ts';

interface AuditEvent {
  verb: string;
  requestURI: string;
  user: { username: string };
  objectRef?: { resource: string; subresource?: string };
  annotations?: Record<string, string>;
}

/** What a user has asked for, from the API server's audit log. */
export async function audited(file: string, user: string): Promise<AuditedRequest[]> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '');
  return lines
    .map((line) => JSON.parse(line) as AuditEvent)
    .filter((event) => event.user.username === user)
    .map(({ verb, objectRef, annotations, requestURI }) => ({
      verb,
      resource: [objectRef?.resource, objectRef?.subresource].filter((word) => word !== undefined).join('/'),
      allowed: annotations?.['authorization.k8s.io/decision'] === 'allow',
      path: requestURI,
    }));
}

/** Through etcd's own JSON gateway: the newest revision is asked for, and everything older forgotten. */
export async function compact(etcd: string): Promise<void> {
  const post = async (path: string, body: object): Promise<{ header?: { revision: string } }> => {
    const response = await fetch(`${etcd}/v3/kv/${path}`, { method: 'POST', body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`etcd answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as { header?: { revision: string } };
  };
  const { header } = await post('range', { key: Buffer.from('/').toString('base64'), limit: 1 });
  await post('compaction', { revision: header?.revision, physical: true });
}
