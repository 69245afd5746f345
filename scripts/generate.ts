/** `npm run generate`: writes what is made from `core/model` and the operator's rights: crds/, deploy/rbac and pages of docs/. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { artifacts } from './generate/artifacts.ts';

const root = join(import.meta.dirname, '..');
for (const { path, text } of artifacts()) {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
  console.log(path);
}
