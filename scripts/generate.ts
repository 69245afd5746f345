/**
 * `npm run generate`: writes the files that are generated from `core/model`, the safety rules and the permissions of the
 * operator: crds/, deploy/rbac, the charts and pages of docs/.
 */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { artifacts } from './generate/artifacts.ts';

const root = join(import.meta.dirname, '..');
const made = artifacts();
for (const { path, text } of made) {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
  console.log(path);
}

// Removes the pages of rules that no longer exist.
for (const name of await readdir(join(root, 'docs/reference/rules'))) {
  const path = `docs/reference/rules/${name}`;
  if (made.some((artifact) => artifact.path === path)) continue;
  await rm(join(root, path));
  console.log(`${path} removed`);
}
