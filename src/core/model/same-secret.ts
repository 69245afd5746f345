import { timingSafeEqual } from 'node:crypto';

/** Whether both texts are the same. The time that it takes does not depend on where they differ. */
export function isSameSecret(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}
