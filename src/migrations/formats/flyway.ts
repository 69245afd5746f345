import { invalid, type SourceFile, type SqlFormat, type SqlSection } from './format.ts';

/**
 * Flyway: `V1__x.sql` and, where there is one, `U1__x.sql`. As in Flyway, a file whose statements cannot run inside a
 * transaction runs outside one. BEGIN and COMMIT in it
 * count. Placeholders are refused: nothing here would replace them.
 * https://documentation.red-gate.com/flyway/flyway-concepts/migrations
 */
export const flyway: SqlFormat = {
  format: 'flyway',
  detect: ([source]) => source !== undefined && /(?:^|\/)V\d+(?:[._]\d+)*__[^/]*\.sql$/i.test(source.file),
  read([up, down]) {
    if (up === undefined) throw new Error('a migration has a file');
    return { up: whole(up), down: down === undefined ? undefined : whole(down) };
  },
};

const PLACEHOLDER = /\$\{[A-Za-z_][\w.:-]*\}/;

function whole({ file, text }: SourceFile): SqlSection {
  const match = PLACEHOLDER.exec(text);
  if (match !== null) {
    const before = text.slice(0, match.index).split('\n');
    const column = (before.at(-1)?.length ?? 0) + 1;
    invalid(
      file,
      before.length,
      `${match[0]} is a placeholder of Flyway, and nothing here replaces it. Write the value.`,
      column,
    );
  }
  return { pieces: [{ file, text, line: 1 }], ownTransaction: true };
}
