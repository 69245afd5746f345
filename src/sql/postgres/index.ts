export { assertion, isAssertionFailure } from './assertion.ts';
export { newBody } from './body.ts';
export { clientCommand } from './client-commands.ts';
export { nextToken } from './lexer.ts';
export { runsOnlyOutside } from './outside-transactions.ts';

export function foldName(name: string): string {
  return name;
}
