/** Programs that no package registry has: they come from the system, and a test without its program is skipped. */
import { existsSync } from 'node:fs';
import { findOnPath } from '../processes.ts';

export interface SystemProgram {
  name: string;
  /** Debian's package. */
  package: string;
  /** What is not run without it. */
  tests: string;
}

export const SYSTEM_PROGRAMS: readonly SystemProgram[] = [
  { name: 'openssl', package: 'openssl', tests: 'the tests of TLS and of the cluster' },
  { name: 'script', package: 'bsdutils', tests: 'the tests of questions on a terminal' },
  { name: 'pgbouncer', package: 'pgbouncer', tests: 'the tests behind PgBouncer' },
  { name: 'tmux', package: 'tmux', tests: 'the scripted terminal session' },
  { name: 'age', package: 'age', tests: 'the counter-checks of encrypted backups' },
  { name: 'jq', package: 'jq', tests: 'the tests of the reviews in pull requests' },
  { name: 'curl', package: 'curl', tests: 'the tests of the reviews in pull requests' },
  { name: 'git', package: 'git', tests: 'the tests of the reviews in pull requests' },
  { name: 'zsh', package: 'zsh', tests: 'the completion test of zsh' },
  { name: 'chromium', package: 'chromium', tests: 'the tests of the page in a browser' },
  { name: 'fish', package: 'fish', tests: 'the completion test of fish' },
];

/** Those that this machine does not have. */
export function missingPrograms(): SystemProgram[] {
  return SYSTEM_PROGRAMS.filter(({ name }) => findOnPath(name) === undefined && !existsSync(`/usr/sbin/${name}`));
}
