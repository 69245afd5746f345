import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ProblemError } from '../core/model/problem.ts';
import type { AlembicChain } from '../core/planning/adopt/alembic.ts';

const REVISION = /^revision\s*(?::[^=\n]+)?=\s*(['"])([^'"]+)\1/m;
const DOWN = /^down_revision\s*(?::[^=\n]+)?=\s*(None|['"][^'"]*['"]|[([][^)\]]*[)\]])/m;

/**
 * `revision` and `down_revision` of every Alembic script below a folder; none of them is run. Throws ProblemError
 * InvalidConfiguration if there are none.
 */
export async function readAlembicScripts(folder: string): Promise<AlembicChain> {
  const names = await readdir(folder, { recursive: true }).catch((cause: unknown) => {
    const message = `The folder of Alembic scripts ${folder} cannot be read. Specify it with --versions, for example alembic/versions.`;
    throw new ProblemError({ reason: 'InvalidConfiguration', message }, { cause });
  });
  const chain = new Map<string, string[]>();
  for (const name of names.filter((one) => one.endsWith('.py')).sort()) {
    const text = await readFile(join(folder, name), 'utf8');
    const id = REVISION.exec(text)?.[2];
    const before = DOWN.exec(text)?.[1];
    if (id === undefined || before === undefined) continue;
    chain.set(
      id,
      [...before.matchAll(/['"]([^'"]+)['"]/g)].map(([, parent = '']) => parent),
    );
  }
  if (chain.size > 0) return chain;
  throw new ProblemError({
    reason: 'InvalidConfiguration',
    message: `${folder} contains no Alembic script: a .py file with "revision" and "down_revision". Specify another folder with --versions.`,
  });
}
