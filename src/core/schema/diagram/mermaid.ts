import type { Diagram, Line, Mark } from './diagram.ts';

const WORDS: Record<Mark, string> = { same: '', added: 'added', removed: 'removed', changed: 'changed' };

/** An `erDiagram` of Mermaid. A word that its grammar does not allow is written with `_`, and in full in the comment. */
export function mermaid({ boxes, lines }: Diagram): string {
  const entities = boxes.flatMap(({ name, mark, columns }) => [
    `  ${quoted(name)}${mark === 'same' ? '' : `["${text(name)} (${WORDS[mark]})"]`} {`,
    ...columns.map((column) => {
      const notes = [
        ...(plain(column.name) === column.name ? [] : [column.name]),
        ...(column.mark === 'same' ? [] : [WORDS[column.mark]]),
        ...(column.nullable ? ['null'] : []),
      ];
      const keys = column.keys.length === 0 ? '' : ` ${column.keys.join(', ')}`;
      return `    ${plain(column.type)} ${plain(column.name)}${keys}${notes.length === 0 ? '' : ` "${text(notes.join(', '))}"`}`;
    }),
    '  }',
  ]);
  const relations = lines.map((line) => {
    const label = [line.columns.join(', '), ...(line.mark === 'same' ? [] : [`(${WORDS[line.mark]})`])].join(' ');
    return `  ${quoted(line.to)} ${arrow(line)} ${quoted(line.from)} : "${text(label)}"`;
  });
  return ['erDiagram', ...entities, ...relations, ''].join('\n');
}

/** From the referenced table to the table with the key. */
function arrow({ optional, single, mark }: Line): string {
  const line = mark === 'removed' ? '..' : '--';
  return `${optional ? '|o' : '||'}${line}${single ? 'o|' : 'o{'}`;
}

function quoted(name: string): string {
  return `"${text(name)}"`;
}

function text(value: string): string {
  return value.replaceAll('"', "'").replace(/\s+/g, ' ');
}

function plain(word: string): string {
  const made = word.replace(/,\s*/g, '-').replace(/[^A-Za-z0-9_\-()[\]]/g, '_');
  return /^[A-Za-z_]/.test(made) ? made : `_${made}`;
}
