import { refuseMisspelled } from './foreign-marks.ts';
import { invalid, type SourceFile, type SqlFormat, type SqlSection } from './format.ts';
import { findMarkers, firstCodeLine, type Marker, pieceOf } from './sections.ts';

const MARKER = /^\s*--\s*migrate:(up|down)\b(.*)$/i;

/**
 * dbmate: `-- migrate:up` and `-- migrate:down` in one file, each with options such as `transaction:false`.
 * https://github.com/amacneil/dbmate#creating-migrations
 */
export const dbmate: SqlFormat = {
  format: 'dbmate',
  optOut: '-- migrate:up transaction:false',
  detect: ([source]) => findMarkers(source.text, MARKER).length > 0,
  read([source], dialect) {
    const markers = findMarkers(source.text, MARKER);
    const [up, down, third] = markers;
    if (up === undefined || up.name !== 'up') {
      return invalid(source.file, up?.line ?? 1, '"-- migrate:up" must come first. Put it above "-- migrate:down".');
    }
    const doubled = down?.name === 'up' ? down : third;
    if (doubled !== undefined) {
      return invalid(source.file, doubled.line, `"-- migrate:${doubled.name}" occurs twice. Join the two blocks.`);
    }
    const before = firstCodeLine(source.text.slice(0, up.start));
    if (before !== undefined) {
      return invalid(source.file, before, 'SQL above "-- migrate:up" would never run. Move it below that line.');
    }
    refuseMisspelled(source, MARKER, dialect);
    const end = source.text.length;
    return {
      up: section(source, up, down?.start ?? end),
      down: down === undefined ? undefined : section(source, down, end),
    };
  },
};

function section(source: SourceFile, marker: Marker, end: number): SqlSection {
  let transaction = true;
  for (const option of marker.rest.split(/\s+/).filter((text) => text !== '')) {
    const [, name, value] = /^([a-z_]+):(.*)$/i.exec(option) ?? [];
    if (name === 'transaction' && (value === 'true' || value === 'false')) transaction = value === 'true';
    else if (name === 'env') {
      invalid(
        source.file,
        marker.line,
        `${option}: environment variables in migrations are not supported, because a plan must be the same in every environment. Write the value, or use a .ts migration that reads process.env.`,
      );
    } else {
      invalid(source.file, marker.line, `"${option}" is not a supported option. Use transaction:false, or remove it.`);
    }
  }
  return { pieces: [pieceOf(source, marker.end, end, marker.line + 1)], transaction };
}
