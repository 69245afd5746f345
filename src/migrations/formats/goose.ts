import { refuseMisspelled } from './foreign-marks.ts';
import { invalid, type MigrationPiece, type SourceFile, type SqlFormat, type SqlSection } from './format.ts';
import { findMarkers, firstCodeLine, type Marker, pieceOf } from './sections.ts';

const MARKER = /^\s*--\s*\+goose\s+(Up|Down|StatementBegin|StatementEnd|NO\s+TRANSACTION|ENVSUB|\S+)(.*)$/i;

/**
 * goose: `-- +goose Up`, `-- +goose Down`, `-- +goose StatementBegin` … `StatementEnd`, `-- +goose NO TRANSACTION` for
 * the whole file. It sends BEGIN and COMMIT as they are. Statements are found by the splitter also inside a block: a driver takes one at a time.
 * https://pressly.github.io/goose/documentation/annotations/
 */
export const goose: SqlFormat = {
  format: 'goose',
  optOut: '-- +goose NO TRANSACTION',
  detect: ([source]) => findMarkers(source.text, MARKER).length > 0,
  read([source], dialect) {
    const markers = findMarkers(source.text, MARKER);
    const up = sectionStart(source, markers, 'up');
    const down = sectionStart(source, markers, 'down');
    if (up === undefined) {
      return invalid(source.file, 1, '"-- +goose Up" is missing. Add it above the statements.');
    }
    if (down !== undefined && down.start < up.start) {
      return invalid(source.file, down.line, '"-- +goose Up" must come before "-- +goose Down".');
    }
    const before = firstCodeLine(source.text.slice(0, up.start));
    if (before !== undefined) {
      return invalid(source.file, before, 'SQL above "-- +goose Up" would never run. Move it below that line.');
    }
    refuseMisspelled(source, MARKER, dialect);
    const transaction = !markers.some(({ name }) => /^no\s+transaction$/.test(name));
    const end = source.text.length;
    const read = (from: Marker, to: number): SqlSection => ({
      pieces: pieces(source, markers, from, to),
      transaction,
      ownTransaction: 'any',
    });
    return {
      up: read(up, down?.start ?? end),
      down: down === undefined ? undefined : read(down, end),
    };
  },
};

function sectionStart(source: SourceFile, markers: readonly Marker[], name: 'up' | 'down'): Marker | undefined {
  const [first, second] = markers.filter((marker) => marker.name === name);
  if (second !== undefined) invalid(source.file, second.line, `"-- +goose ${name}" occurs twice. Join the two blocks.`);
  return first;
}

/** The text between the commands; each block and each stretch between blocks is a piece of its own. */
function pieces(source: SourceFile, markers: readonly Marker[], from: Marker, to: number): MigrationPiece[] {
  const found: MigrationPiece[] = [];
  let open: Marker | undefined;
  let start = from.end;
  let line = from.line + 1;
  for (const marker of markers.filter(({ start }) => start > from.start && start < to)) {
    const { name } = marker;
    if (name === 'statementbegin') {
      if (open !== undefined) invalid(source.file, marker.line, 'StatementBegin inside a block. End the first one.');
      open = marker;
    } else if (name === 'statementend') {
      if (open === undefined) invalid(source.file, marker.line, 'StatementEnd without StatementBegin. Remove it.');
      open = undefined;
    } else if (name === 'envsub') {
      if (!/^off$/i.test(marker.rest)) refuseEnvironment(source, marker);
    } else if (!/^no\s+transaction$/.test(name)) {
      invalid(source.file, marker.line, `"+goose ${name}" is unknown. Remove it, or correct its spelling.`);
    }
    found.push(pieceOf(source, start, marker.start, line));
    start = marker.end;
    line = marker.line + 1;
  }
  if (open !== undefined) invalid(source.file, open.line, 'StatementBegin without StatementEnd. Add it.');
  found.push(pieceOf(source, start, to, line));
  return found;
}

function refuseEnvironment(source: SourceFile, { line }: Marker): never {
  return invalid(
    source.file,
    line,
    '+goose ENVSUB is not supported, because a plan must be the same in every environment. Write the value, or use a .ts migration that reads process.env.',
  );
}
