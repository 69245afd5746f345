import type { Secret } from '../core/model/secret.ts';

/** Whether one of the identities reads what is encrypted for these recipients. Throws ProblemError InvalidConfiguration. */
export async function canDecrypt(recipients: readonly string[], identities: readonly Secret[]): Promise<boolean> {
  if (identities.length === 0) return false;
  const { opens } = await import('./encryption/age.ts');
  return opens(recipients, identities);
}
