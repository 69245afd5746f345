import { createHash } from 'node:crypto';
import type { Resource } from './kind.ts';

/** The same resource gives the same name, so that a Job that is created twice is one Job. */
export function jobNameOf({ kind, metadata }: Pick<Resource, 'kind' | 'metadata'>): string {
  const digest = createHash('sha256').update(`${kind} ${metadata.uid}`).digest('hex').slice(0, 8);
  const readable = metadata.name
    .slice(0, 50)
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/-$/, '');
  return `${readable}-${digest}`;
}
