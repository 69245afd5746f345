import { count } from '../model/count.ts';
import type { MigrationEffects } from '../model/effects.ts';

/** Items of one kind in a line. */
const FEW = 3;

/** `2_b: 0.03 s, 3 statements; AccessExclusiveLock on public.a for 0.01 s; rewrites public.a; public.a 3 -> 0 rows`. */
export function effectText({ revision, seconds, statements, locks, rewrites, rows }: MigrationEffects): string {
  const lockTexts = locks.map(({ table, mode, seconds: held }) => {
    return `${mode} on ${table}${held === undefined ? '' : ` for ${secondsText(held)}`}`;
  });
  const rowTexts = rows.map(({ table, before, after }) => `${table} ${rowsText(before, after)}`);
  return [
    `${revision}: ${secondsText(seconds)}, ${count(statements, 'statement')}`,
    ...few(lockTexts),
    ...(rewrites.length === 0 ? [] : [`rewrites ${few(rewrites).join(', ')}`]),
    ...few(rowTexts),
  ].join('; ');
}

function rowsText(before: number | null, after: number | null): string {
  if (before === null) return after === null ? 'no rows' : `new, ${count(after, 'row')}`;
  return after === null ? `${count(before, 'row')} dropped with the table` : `${before} -> ${count(after, 'row')}`;
}

function few(texts: readonly string[]): string[] {
  const rest = texts.length - FEW;
  return rest > 0 ? [...texts.slice(0, FEW), `and ${rest} more`] : [...texts];
}

/** Below a second two significant digits, at most milliseconds; else one decimal: a person compares magnitudes. */
export function secondsText(seconds: number): string {
  if (seconds < 0.001) return '0 s';
  const short = Math.round(Number(seconds.toPrecision(2)) * 1_000) / 1_000;
  return `${seconds < 1 ? short : Math.round(seconds * 10) / 10} s`;
}
