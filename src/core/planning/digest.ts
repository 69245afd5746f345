import { createHash } from 'node:crypto';
import type { Plan } from '../model/plan.ts';

/** The value that is approved: only the same direction, start and files give the same digest. */
export function planDigest({ direction, from, migrations }: Omit<Plan, 'digest' | 'to'>): string {
  const hash = createHash('sha256').update(`db-manager plan 1\n${direction}\n${from}\n`);
  for (const { revision, checksum } of migrations) hash.update(`${revision} ${checksum}\n`);
  return `sha256:${hash.digest('hex')}`;
}
