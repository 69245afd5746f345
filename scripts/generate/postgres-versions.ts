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

/** docs/postgresql-versions.md: what was tested, from the runs. */
export function postgresVersionsPage(note: string): string {
  const results = existsSync(VERSIONS_FILE) ? (JSON.parse(readFileSync(VERSIONS_FILE, 'utf8')) as VersionResult[]) : [];
  const rows = results.map(
    ({ server, clients, passed, failed, skipped }) => `| ${server} | ${clients} | ${passed} | ${failed} | ${skipped} |`,
  );
  const failures = results.flatMap(({ server, failures: titles }) => titles.map((title) => `- ${server}: ${title}`));
  return `<!-- ${note} -->

# PostgreSQL versions tested

\`npm run test:postgres -- 14 15 16 17 18\` runs every test that needs a PostgreSQL server on each version, except those
of the Kubernetes cluster. With \`--write\` it writes this table.

| server | pg_dump, pg_restore, psql | passed | failed | skipped |
| --- | --- | --- | --- | --- |
${rows.join('\n')}
${failures.length > 0 ? `\nFailed:\n\n${failures.join('\n')}\n` : ''}
A client that is newer than its server is what the PostgreSQL manual advises for \`pg_dump\`. A client that is older than
its server is refused: reason \`ClientTooOld\`.
`;
}
