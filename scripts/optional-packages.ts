/**
 * Makes the optional peer dependencies dependencies of package.json, so that `npm prune --omit=dev` keeps them in the
 * versions of the lock file. Only for the image, which has all of them: `node scripts/optional-packages.ts`.
 */
import { readFileSync, writeFileSync } from 'node:fs';

interface Manifest {
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
}

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
for (const [name, range] of Object.entries(manifest.peerDependencies)) {
  manifest.dependencies[name] = range;
  delete manifest.devDependencies[name];
}
manifest.peerDependencies = {};
writeFileSync('package.json', `${JSON.stringify(manifest, null, 2)}\n`);
