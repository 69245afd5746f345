import stringWidth from 'string-width';

/** Rows as aligned columns; the last column is cut so that a line fits the width. Wide characters count as two. */
export function renderTable(head: string[], rows: string[][], width: number): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => stringWidth(row[column] ?? ''))));
  return all
    .map((row) => {
      const cells = row.map((cell, column) =>
        column === row.length - 1 ? cell : cell + ' '.repeat((widths[column] ?? 0) - stringWidth(cell)),
      );
      return cut(cells.join('  ').trimEnd(), width);
    })
    .join('\n');
}

/** The start of a line that fits the width, with an ellipsis if something is missing. */
function cut(line: string, width: number): string {
  if (stringWidth(line) <= width) return line;
  let start = '';
  let used = 1;
  for (const { segment } of new Intl.Segmenter().segment(line)) {
    used += stringWidth(segment);
    if (used > width) break;
    start += segment;
  }
  return `${start}…`;
}
