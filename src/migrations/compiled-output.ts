/**
 * Is `x.js` what a compiler made of `x.ts`? Yes where it says so itself (a source map, TypeScript's module marker or
 * helpers), or where its words are those of the source in the same order with some left out, which is what removing
 * types does. A file that says something of its own is another migration, and must not be passed over in silence.
 */
export function isCompiledFrom(source: string, compiled: string): boolean {
  return MARKS.some((mark) => mark.test(compiled)) || isSubsequence(words(compiled), words(source));
}

const MARKS = [
  /^\/\/[#@] sourceMappingURL=/m,
  /Object\.defineProperty\(exports, *["']__esModule["']/,
  /\bexports\.__esModule *= *true/,
  /\bvar __(?:awaiter|generator|importDefault|export|toCommonJS) *=/,
];

function words(text: string): string[] {
  return text.replace(/^["']use strict["'];?/m, '').match(/[\p{L}\p{N}_$]+/gu) ?? [];
}

function isSubsequence(part: readonly string[], whole: readonly string[]): boolean {
  if (part.length === 0) return false;
  let at = 0;
  for (const word of whole) if (word === part[at]) at += 1;
  return at === part.length;
}
