import type { Exports } from '../module.ts';
import type { AuthorFunction } from './author-function.ts';
import { invalid } from './format.ts';

interface ForeignCode {
  tool: string;
  is(exports: Exports, text: string): boolean;
}

/**
 * Tools whose functions also take one object. Some of their calls exist on a query interface with another meaning:
 * `createTable` would create columns of the wrong type.
 */
const TOOLS: readonly ForeignCode[] = [
  {
    tool: 'node-pg-migrate',
    is: (exports, text) =>
      'shorthands' in exports || /^(?:async\s{0,9})?(?:function\s{0,9})?\w{0,80}\s{0,9}\(?\s{0,99}pgm\b/.test(text),
  },
  {
    tool: 'db-migrate',
    is: ({ _meta, setup }, text) =>
      (typeof _meta === 'object' && _meta !== null && 'version' in _meta && typeof setup === 'function') ||
      /^(?:async\s{0,9})?(?:function\s{0,9})?\w{0,80}\s{0,9}\(\s{0,99}db\s{0,9},\s{0,99}(?:callback|cb|done|next)\b/.test(
        text,
      ),
  },
  {
    tool: 'Kysely',
    is: (_, text) =>
      /\.\s{0,99}execute\s{0,9}\(/.test(text) &&
      /\.\s{0,99}schema\s{0,99}\.\s{0,99}\w{1,40}\s{0,9}\(|`\s{0,99}\.\s{0,99}execute\b/.test(text),
  },
];

const ADVICE =
  'which is not supported. Write its SQL into a .sql file of the same name, then mark the applied ones: db-manager migrate stamp head';

/** Refuses functions that another tool calls, by its name. Throws ProblemError InvalidMigration. */
export function refuseForeignCode(exports: Exports, functions: readonly AuthorFunction[], file: string): void {
  const texts = functions.map((fn) => Function.prototype.toString.call(fn));
  for (const { tool, is } of TOOLS) {
    if (texts.some((text) => is(exports, text))) invalid(file, 1, `This is a migration of ${tool}, ${ADVICE}`);
  }
}
