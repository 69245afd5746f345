import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Secret } from '../../src/core/model/secret.ts';
import { temporaryFolder } from '../support/databases.ts';
import { findOnPath } from '../support/processes.ts';

/** Debian's `age`, the counter-check of our encryption. With CI=true a test that lacks it fails. */
export function hasAge(): boolean {
  return process.env.CI === 'true' || findOnPath('age') !== undefined;
}

export interface AgeKey {
  identity: Secret;
  recipient: string;
  /** As `age-keygen` wrote it. */
  file: string;
}

export async function ageKey(): Promise<AgeKey> {
  const file = join(await temporaryFolder('age'), 'key.txt');
  execFileSync('age-keygen', ['-o', file], { stdio: 'ignore' });
  const recipient = execFileSync('age-keygen', ['-y', file], { encoding: 'utf8' }).trim();
  const identity = /AGE-SECRET-KEY-\S+/.exec(await readFile(file, 'utf8'))?.[0] ?? '';
  return { identity: new Secret(identity), recipient, file };
}
