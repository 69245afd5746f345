export { assertion, isAssertionFailure } from './assertion.ts';
export { newBody } from './body.ts';
export { nextToken } from './lexer.ts';

export function runsOnlyOutside([first]: readonly string[]): boolean {
  return first === 'VACUUM';
}

/** The commands of the `sqlite3` shell start with a dot, which is a syntax error that SQLite reports itself. */
export function clientCommand(): undefined {
  return undefined;
}

/** Names are compared without case. */
export function foldName(name: string): string {
  return name.toLowerCase();
}
