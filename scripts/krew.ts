/**
 * Builds the archive of the kubectl plugin for krew, with the packages that it needs and no others, and its manifest: a
 * copy of deploy/krew/dbm.yaml with the checksum. `npm run build && npm run krew` writes both into dist-krew;
 * `npm run krew -- FOLDER` into another folder.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the plugin loads; the databases are not among it. */
const PACKAGES = [
  '@kubernetes/client-node',
  'cli-progress',
  'commander',
  'croner',
  'picocolors',
  'string-width',
  'zod',
];
const MANIFEST = 'deploy/krew/dbm.yaml';
const FOLDER = process.argv[2] ?? 'dist-krew';

const { version, license } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string; license: string };
const content = join(FOLDER, 'content');
const archive = join(FOLDER, `kubectl-dbm-v${version}.tar.gz`);
rmSync(content, { recursive: true, force: true });
mkdirSync(content, { recursive: true });
cpSync('dist', join(content, 'dist'), {
  recursive: true,
  filter: (path) => path !== join('dist', 'command', 'entrypoint'),
});
for (const path of closure(PACKAGES)) cpSync(path, join(content, path), { recursive: true, dereference: true });
cpSync('LICENSE', join(content, 'LICENSE'));
const description = { name: 'kubectl-dbm', version, license, type: 'module', private: true };
writeFileSync(join(content, 'package.json'), `${JSON.stringify(description, null, 2)}\n`);
// The same files give the same bytes.
const same = [
  '--sort=name',
  '--mtime=@0',
  '--owner=0',
  '--group=0',
  '--numeric-owner',
  '--use-compress-program=gzip -n',
];
execFileSync('tar', [...same, '-cf', archive, '-C', content, '.']);
const sha256 = createHash('sha256').update(readFileSync(archive)).digest('hex');
const text = readFileSync(MANIFEST, 'utf8').replace(/sha256: "[0-9a-f]{64}"/, `sha256: "${sha256}"`);
writeFileSync(join(FOLDER, 'dbm.yaml'), text);
console.log(`${archive} (sha256 ${sha256}) and its manifest ${join(FOLDER, 'dbm.yaml')}`);

/** The folders of packages and of what they depend on. */
function closure(names: readonly string[]): Set<string> {
  const found = new Set<string>();
  const visit = (name: string, from: string) => {
    const path = [join(from, 'node_modules', name), join('node_modules', name)].find((one) => existsSync(one));
    if (path === undefined || found.has(path)) return;
    found.add(path);
    const { dependencies = {} } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')) as {
      dependencies?: Record<string, string>;
    };
    for (const each of Object.keys(dependencies)) visit(each, path);
  };
  for (const name of names) visit(name, '.');
  return found;
}
