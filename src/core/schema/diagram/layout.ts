import type { Box, Diagram } from './diagram.ts';

/** A box with its position, in pixels from the top left. */
export interface Placed {
  box: Box;
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Pixels. `letter` is the width of one in the monospaced font of 12 pixels. */
export const SIZES = { letter: 7.3, head: 26, row: 20, pad: 12, gapX: 90, gapY: 28, tallest: 1_600 } as const;

/** A table is to the right of the tables that it references, and at a similar height. */
export function layout({ boxes, lines }: Diagram): Placed[] {
  const depth = depths({ boxes, lines });
  const columns = [...Map.groupBy(boxes, ({ name }) => depth.get(name) ?? 0)].sort(([a], [b]) => a - b);
  const placed = new Map<string, Placed>();
  let x = SIZES.pad;
  for (const [, group] of columns) {
    const ordered = group
      .map((box) => ({ box, at: middle(box, lines, placed) }))
      .sort((a, b) => a.at - b.at || (a.box.name < b.box.name ? -1 : 1));
    let y: number = SIZES.pad;
    let widest = 0;
    for (const { box } of ordered) {
      const [width, height] = sizeOf(box);
      if (y > SIZES.pad && y + height > SIZES.tallest) {
        x += widest + SIZES.gapX;
        y = SIZES.pad;
        widest = 0;
      }
      placed.set(box.name, { box, x, y, width, height });
      y += height + SIZES.gapY;
      widest = Math.max(widest, width);
    }
    x += widest + SIZES.gapX;
  }
  return [...placed.values()];
}

/** The longest path of references from a table; a cycle counts once. */
function depths({ boxes, lines }: Diagram): Map<string, number> {
  const parents = Map.groupBy(
    lines.filter(({ from, to }) => from !== to),
    ({ from }) => from,
  );
  const known = new Map<string, number>();
  const of = (name: string, above: ReadonlySet<string>): number => {
    const cached = known.get(name);
    if (cached !== undefined) return cached;
    const next = (parents.get(name) ?? []).filter(({ to }) => !above.has(to));
    const depth = next.reduce((most, { to }) => Math.max(most, 1 + of(to, new Set([...above, name]))), 0);
    known.set(name, depth);
    return depth;
  };
  for (const { name } of boxes) of(name, new Set());
  return known;
}

function middle({ name }: Box, lines: Diagram['lines'], placed: ReadonlyMap<string, Placed>): number {
  const heights = lines
    .filter(({ from }) => from === name)
    .flatMap(({ to }) => placed.get(to) ?? [])
    .map(({ y, height }) => y + height / 2);
  return heights.length === 0 ? 0 : heights.reduce((sum, one) => sum + one, 0) / heights.length;
}

function sizeOf({ name, columns }: Box): [width: number, height: number] {
  const letters = Math.max(
    name.length + 2,
    ...columns.map((column) => column.name.length + column.type.length + column.keys.join().length + 6),
  );
  return [letters * SIZES.letter + 2 * SIZES.pad, SIZES.head + columns.length * SIZES.row];
}
