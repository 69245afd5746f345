import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What `npm run test:postgres -- --write` has measured. */
export const VERSIONS_FILE = join(import.meta.dirname, '../../docs/postgresql-versions.json');

/** One run of the tests on one version. */
export interface VersionResult {
  /** Of the server, e.g. `15.18`. */
  server: string;
  /** Of pg_dump, pg_restore and psql. */
  clients: string;
  passed: number;
  failed: number;
  skipped: number;
  /** The titles of the tests that failed. */
  failures: string[];
}

export interface VersionRuns {
  /** Every test that needs PostgreSQL, or those whose result depends on its version. */
  scope: 'all' | 'versioned';
  files: string[];
  results: VersionResult[];
}

const NONE: VersionRuns = { scope: 'all', files: [], results: [] };

export function readVersions(): VersionRuns {
  return existsSync(VERSIONS_FILE) ? JSON.parse(readFileSync(VERSIONS_FILE, 'utf8')) : NONE;
}

/** docs/reference/postgresql-versions.md: what was tested, from the runs. */
export function postgresVersionsPage(note: string): string {
  const { scope, files, results } = readVersions();
  const rows = results.map(
    ({ server, clients, passed, failed, skipped }) => `| ${server} | ${clients} | ${passed} | ${failed} | ${skipped} |`,
  );
  const failures = results.flatMap(({ server, failures: titles }) => titles.map((title) => `- ${server}: ${title}`));
  const ran = {
    all: 'Every test that needs a PostgreSQL server ran on each version, except those of the Kubernetes cluster',
    versioned:
      'The tests whose result depends on the version ran on each: catalogue queries, dump and restore, rules, generate',
  }[scope];
  return `<!-- ${note} -->

# PostgreSQL versions tested

${results.length === 0 ? 'No run is recorded yet.' : `${ran} (${files.length} files).`}

| server | pg_dump, pg_restore, psql | passed | failed | skipped |
| --- | --- | --- | --- | --- |
${rows.join('\n')}
${failures.length > 0 ? `\nFailed:\n\n${failures.join('\n')}\n` : ''}
A newer client than the server works: backup and restore are also tested with clients of 17 and 18 on servers of 14, 16
and 17. A client that is older than its server is refused with the reason \`ClientTooOld\`.

Servers and clients come from package registries; \`test/support/programs/pinned.ts\` names the files. To run it again:

\`\`\`sh
npm run test:postgres -- --versioned --write 14 15 16 17 18
\`\`\`
`;
}
