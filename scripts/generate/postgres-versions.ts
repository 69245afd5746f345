import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What `npm run test:postgres -- --write` has measured. */
export const VERSIONS_FILE = join(import.meta.dirname, '../../docs/postgresql-versions.json');

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
  /** The titles of the tests that failed. */
  failures: string[];
}

/** One run of the tests on one version. */
export interface VersionResult {
  /** Of the server, e.g. `15.18`. */
  server: string;
  /** Of pg_dump, pg_restore and psql. */
  clients: string;
  /** By test file. */
  files: Record<string, Counts>;
}

export interface VersionRuns {
  /** Every test that needs PostgreSQL, or those whose result depends on its version. */
  scope: 'all' | 'versioned';
  results: VersionResult[];
}

export function sumOf({ files }: VersionResult): Counts {
  const all = Object.values(files);
  const sum = (key: 'passed' | 'failed' | 'skipped') => all.reduce((total, counts) => total + counts[key], 0);
  const failures = all.flatMap(({ failures }) => failures);
  return { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped'), failures };
}

const NONE: VersionRuns = { scope: 'all', results: [] };

export function readVersions(): VersionRuns {
  return existsSync(VERSIONS_FILE) ? JSON.parse(readFileSync(VERSIONS_FILE, 'utf8')) : NONE;
}

/** docs/reference/postgresql-versions.md: what was tested, from the runs. */
export function postgresVersionsPage(note: string): string {
  const { scope, results } = readVersions();
  const rows = results.map((result) => {
    const { passed, failed, skipped } = sumOf(result);
    const files = Object.keys(result.files).length;
    return `| ${result.server} | ${result.clients} | ${files} | ${passed} | ${failed} | ${skipped} |`;
  });
  const failures = results.flatMap((result) => sumOf(result).failures.map((title) => `- ${result.server}: ${title}`));
  const ran = {
    all: 'Every test that needs a PostgreSQL server ran on each version, except those of the Kubernetes cluster',
    versioned:
      'The tests whose result depends on the version ran on each: catalogue queries, dump and restore, rules, generate',
  }[scope];
  return `<!-- ${note} -->

# PostgreSQL versions tested

${results.length === 0 ? 'No run is recorded yet.' : `${ran}. The column "files" has how many of them ran.`}

| server | pg_dump, pg_restore, psql | files | passed | failed | skipped |
| --- | --- | --- | --- | --- | --- |
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
