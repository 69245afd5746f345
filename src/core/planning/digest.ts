import { createHash } from 'node:crypto';
import type { Plan } from '../model/plan.ts';

/** What an approval is of: the same direction, start and files give the same digest, and nothing else does. */
export function planDigest({ direction, from, migrations }: Omit<Plan, 'digest' | 'to'>): string {
  const hash = createHash('sha256').update(`db-manager plan 1\n${direction}\n${from}\n`);
  for (const { revision, checksum } of migrations) hash.update(`${revision} ${checksum}\n`);
  return `sha256:${hash.digest('hex')}`;
}
