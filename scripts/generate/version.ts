import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

/** Where the version of package.json is repeated, with the pattern of the places; their first group stays. */
const PLACES: { path: string; pattern: RegExp }[] = [
  { path: 'src/core/model/version.ts', pattern: /(TOOL_VERSION = ')[^']*/g },
  { path: 'charts/db-manager/Chart.yaml', pattern: /^((?:appV|v)ersion: ).*/gm },
  { path: 'charts/db-migration/Chart.yaml', pattern: /^((?:appV|v)ersion: ).*/gm },
  { path: 'test/fixtures/charts/app/Chart.yaml', pattern: /(name: db-migration\n +version: ).*/g },
  { path: 'docs/guides/helm-hooks.md', pattern: /(name: db-migration\n +version: ).*/g },
  { path: 'deploy/krew/dbm.yaml', pattern: /(\bversion: v|\/v|dbm-v)\d+\.\d+\.\d+(?:-[a-z]+\.\d+)?/g },
  { path: 'docs/guides/kubectl-plugin.md', pattern: /(dbm-v)\d+\.\d+\.\d+(?:-[a-z]+\.\d+)?/g },
  { path: 'docs/operations/install.md', pattern: /(\bdb-manager(?:-bundle)?:)\d+\.\d+\.\d+[\w.-]*/g },
  ...[
    'deploy/samples/sqlite-with-application.yaml',
    'deploy/samples/migrations-runner-image.yaml',
    'docs/guides/sidecar.md',
  ].map((path) => ({ path, pattern: /(\bdb-manager:)\d+\.\d+\.\d+[\w.-]*/g })),
];

/** Those files with the version of package.json in them. Throws where a file has no place for it any more. */
export function versionFiles(version = packageVersion()): { path: string; text: string }[] {
  return PLACES.map(({ path, pattern }) => {
    const text = readFileSync(join(ROOT, path), 'utf8');
    if (text.search(pattern) === -1) throw new Error(`${path} has no place for the version: ${pattern}`);
    return { path, text: text.replaceAll(pattern, (_match, before: string) => `${before}${version}`) };
  });
}

function packageVersion(): string {
  return (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }).version;
}
