import type { StatementBody } from '../body.ts';

/**
 * `BEGIN ATOMIC …; …; END` of a function or procedure, with `CASE … END` inside, and the parentheses of
 * `CREATE RULE … DO (…; …)`. psql decides the same way (its `psqlscan.l`).
 */
export function newBody(): StatementBody {
  let routine: boolean | undefined;
  let words = '';
  let depth = 0;
  let parentheses = 0;
  let previous = '';
  return {
    see(token, sql) {
      if (token.kind === 'symbol') {
        const char = sql[token.start] ?? '';
        if (char === '(') parentheses += 1;
        else if (char === ')') parentheses = Math.max(0, parentheses - 1);
        previous = char;
        return;
      }
      if (token.kind !== 'word') {
        previous = '';
        return;
      }
      if (routine === undefined) {
        words = words === '' ? token.upper : `${words} ${token.upper}`;
        routine = isRoutine(words);
      }
      if (routine) depth = Math.max(0, depth + step(token.upper, previous, depth));
      previous = token.upper;
    },
    ended: () => depth === 0 && parentheses === 0,
  };
}

/** Undefined while it may still become one. */
function isRoutine(words: string): boolean | undefined {
  if (/^CREATE (OR REPLACE )?(FUNCTION|PROCEDURE)$/.test(words)) return true;
  return /^CREATE( OR( REPLACE)?)?$/.test(words) ? undefined : false;
}

function step(word: string, previous: string, depth: number): number {
  if (word === 'ATOMIC' && previous === 'BEGIN') return 1;
  // `t.end` and `AS end` are names.
  if (depth === 0 || previous === '.' || previous === 'AS') return 0;
  if (word === 'CASE') return 1;
  return word === 'END' ? -1 : 0;
}
