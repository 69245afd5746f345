/** Rows as aligned columns; the last column is cut so that a line fits the width. Wide characters count as one. */
export function renderTable(head: string[], rows: string[][], width: number): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all
    .map((row) => {
      const cells = row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)));
      const line = cells.join('  ').trimEnd();
      return line.length > width ? `${line.slice(0, Math.max(1, width - 1))}…` : line;
    })
    .join('\n');
}
