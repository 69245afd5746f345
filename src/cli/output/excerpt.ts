import { count } from '../../core/model/count.ts';

/** A statement as an indented block of at most a few lines. */
export function renderExcerptOf(statement: string, most = 8): string {
  const lines = statement.trim().split('\n');
  const shown = lines.slice(0, most).map((line) => `  | ${line}`);
  return lines.length > most
    ? [...shown, `  | … ${count(lines.length - most, 'more line')}`].join('\n')
    : shown.join('\n');
}
