import type { SourceFile, SqlFormat, SqlSection } from './format.ts';

const BREAKPOINT = /--> statement-breakpoint[ \t]*$/m;

/**
 * Drizzle: `0000_x.sql`, or `20240601120000_x/migration.sql` from version 1 on, with a mark between statements. The mark
 * is a comment of SQL, and statements end with a semicolon, or with the mark.
 * https://orm.drizzle.team/docs/drizzle-kit-generate
 */
export const drizzle: SqlFormat = {
  format: 'drizzle',
  detect: ([source]) => BREAKPOINT.test(source.text),
  read: ([up, down]) => ({ up: section(up), down: down && section(down) }),
};

/** A statement for each mark: the last semicolon before a mark may be missing. */
function section({ file, text }: SourceFile): SqlSection {
  const pieces = [];
  let line = 1;
  for (const piece of text.split('--> statement-breakpoint')) {
    pieces.push({ file, text: piece, line });
    line += piece.split('\n').length - 1;
  }
  return { pieces, ownTransaction: 'blocks' };
}
