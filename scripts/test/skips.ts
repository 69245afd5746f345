import type { FileResult } from './protocol.ts';

/** Skips that no program of the setup prevents, with the reason. Where CI=true any other skip is a failure. */
const ALLOWED: readonly { file: RegExp; title: RegExp; reason: string }[] = [
  {
    file: /^test\/database\/postgres\/connection\.test\.ts$/,
    title: /sslnegotiation is direct$|^.* with TLS /,
    reason: 'the server is older than PostgreSQL 17, or a build without OpenSSL: another version of the matrix runs it',
  },
  {
    file: /^test\/migrations\/generate\/scenarios\.test\.ts$/,
    title: /NULLS NOT DISTINCT|ON DELETE SET NULL of one column/,
    reason: 'the server is older than PostgreSQL 15',
  },
  {
    file: /^test\/safety\/squawk\.test\.ts$/,
    title: /gives the numbers that squawk gives$/,
    reason: 'squawk is not a dependency; the page has the numbers of its own run',
  },
];

/** Turns each skip into a failure that is not in the list. */
export function refuseSkips(results: readonly FileResult[]): FileResult[] {
  return results.map((result) => ({
    ...result,
    tests: result.tests.map((test) =>
      test.state === 'skipped' && !isAllowed(result.file, test.title)
        ? { ...test, state: 'failed', error: 'This test was skipped, and CI=true: a program that it needs is missing.' }
        : test,
    ),
  }));
}

function isAllowed(file: string, title: string): boolean {
  return ALLOWED.some((allowed) => allowed.file.test(file) && allowed.title.test(title));
}
