import { escapeHtml } from '../../model/escape-html.ts';
import type { Diagram, Line, Mark } from './diagram.ts';
import { layout, type Placed, SIZES } from './layout.ts';

const COLOURS: Record<Mark, string> = { same: '#24292f', added: '#116329', removed: '#a40e26', changed: '#7d4e00' };
const HEADS: Record<Mark, string> = { same: '#eaeef2', added: '#dafbe1', removed: '#ffebe9', changed: '#fff8c5' };
const SIGNS: Record<Mark, string> = { same: '', added: '+ ', removed: '− ', changed: '~ ' };

/** An image for every browser, without scripts or embedded fonts. */
export function svg(diagram: Diagram): string {
  const places = layout(diagram);
  const byName = new Map(places.map((place) => [place.box.name, place]));
  const width = Math.max(200, ...places.map((place) => place.x + place.width)) + SIZES.pad;
  const height = Math.max(60, ...places.map((place) => place.y + place.height)) + SIZES.pad;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${Math.ceil(width)} ${Math.ceil(height)}" width="${Math.ceil(width)}" height="${Math.ceil(height)}" font-family="ui-monospace, Menlo, Consolas, monospace" font-size="12">`,
    '  <rect width="100%" height="100%" fill="#ffffff"/>',
    ...diagram.lines.flatMap((line) => drawLine(line, byName)),
    ...places.flatMap(drawBox),
    '</svg>',
    '',
  ].join('\n');
}

function drawBox({ box, x, y, width, height }: Placed): string[] {
  const right = x + width - SIZES.pad;
  return [
    `  <g><title>${escapeHtml(box.name)}</title>`,
    `    <rect x="${n(x)}" y="${n(y)}" width="${n(width)}" height="${n(height)}" rx="4" fill="#ffffff" stroke="${COLOURS[box.mark]}"/>`,
    `    <rect x="${n(x)}" y="${n(y)}" width="${n(width)}" height="${SIZES.head}" rx="4" fill="${HEADS[box.mark]}" stroke="${COLOURS[box.mark]}"/>`,
    `    <text x="${n(x + SIZES.pad)}" y="${n(y + 17)}" font-weight="bold" fill="${COLOURS[box.mark]}">${escapeHtml(SIGNS[box.mark] + box.name)}</text>`,
    ...box.columns.flatMap(({ name, type, keys, nullable, mark }, at) => {
      const line = n(y + SIZES.head + at * SIZES.row + 14);
      const label = `${type}${nullable ? '?' : ''}${keys.length === 0 ? '' : ` ${keys.join(',')}`}`;
      return [
        `    <text x="${n(x + SIZES.pad)}" y="${line}" fill="${COLOURS[mark]}">${escapeHtml(SIGNS[mark] + name)}</text>`,
        `    <text x="${n(right)}" y="${line}" text-anchor="end" fill="#57606a">${escapeHtml(label)}</text>`,
      ];
    }),
    '  </g>',
  ];
}

/** From the column with the key to the head of the referenced table. */
function drawLine(line: Line, places: ReadonlyMap<string, Placed>): string[] {
  const from = places.get(line.from);
  const to = places.get(line.to);
  if (from === undefined || to === undefined) return [];
  const row = from.box.columns.findIndex(({ name }) => name === line.columns[0]);
  const y1 = from.y + SIZES.head + (row + 0.5) * SIZES.row;
  const y2 = to.y + SIZES.head / 2;
  // To the left if the other table is there, else around the right side.
  const left = to.x + to.width <= from.x;
  const x1 = left ? from.x : from.x + from.width;
  const x2 = to.x + to.width;
  const bend = left ? SIZES.gapX / 2 : -SIZES.gapX / 2;
  const dash = line.mark === 'removed' || line.optional ? ' stroke-dasharray="5 4"' : '';
  const path = `M ${n(x1)} ${n(y1)} C ${n(x1 - bend)} ${n(y1)}, ${n(x2 + SIZES.gapX / 2)} ${n(y2)}, ${n(x2)} ${n(y2)}`;
  return [
    `  <path d="${path}" fill="none" stroke="${COLOURS[line.mark]}"${dash}><title>${escapeHtml(`${line.from} (${line.columns.join(', ')}) → ${line.to}`)}</title></path>`,
    `  <circle cx="${n(x2)}" cy="${n(y2)}" r="3" fill="${COLOURS[line.mark]}"/>`,
  ];
}

function n(value: number): string {
  return String(Math.round(value * 10) / 10);
}
