import type { SourcePosition } from '../core/model/problem.ts';

/** Columns that a tab takes up in what is shown: a terminal's own tab stops would move the caret. */
const TAB = '    ';

/**
 * The line at fault with its number and a caret below it, for terminals:
 *
 *     12 | ALTER TABLE orders ADD COLUM note text;
 *        |                        ^
 *
 * A line longer than `width` is clipped around the caret. Empty where the place is not in the text.
 */
export function renderExcerpt(sourceText: string, position: SourcePosition, width = 100): string {
  const line = sourceText.split(/\r\n|\n|\r/)[position.line - 1];
  if (line === undefined) return '';
  const at = Math.min(position.column - 1, line.length);
  const before = visible(line.slice(0, at));
  const { text, caret } = clip(before + visible(line.slice(at)), before.length, Math.max(width, 20));
  const number = String(position.line);
  return [`${number} | ${text}`, `${' '.repeat(number.length)} | ${' '.repeat(caret)}^`].join('\n');
}

/** Tabs become spaces; what moves the cursor or changes colours is shown as a dot. */
function visible(text: string): string {
  return text.replaceAll('\t', TAB).replace(/\p{Cc}/gu, '·');
}

function clip(text: string, caret: number, width: number): { text: string; caret: number } {
  if (text.length <= width) return { text, caret };
  const start = Math.max(0, Math.min(caret - Math.floor(width / 2), text.length - width));
  const end = Math.min(text.length, start + width);
  const head = start > 0 ? '…' : '';
  const tail = end < text.length ? '…' : '';
  const shown = head + text.slice(start + head.length, end - tail.length) + tail;
  return { text: shown, caret: caret - start };
}
