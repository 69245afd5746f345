import type { SqlStatement } from '../../core/model/migration.ts';
import { splitSql } from '../sql/split.ts';
import { invalidMigration, type ParsedSql, type SqlFile, sqlBody } from './format.ts';

const MARK = /^--\s*\+goose\s+(.+?)\s*$/i;

/** goose: `-- +goose Up`, `Down`, `StatementBegin`, `StatementEnd`, `NO TRANSACTION`. */
export function parseGoose(source: SqlFile): ParsedSql | undefined {
  const lines = source.text.split('\n');
  if (!lines.some((line) => MARK.test(line.trim()))) return undefined;
  const sections: { up: SqlStatement[]; down?: SqlStatement[] } = { up: [] };
  let direction: 'up' | 'down' | undefined;
  let transactional = true;
  let from = 0; // first line of the piece that is being collected
  let whole = false; // between StatementBegin and StatementEnd

  const collect = (end: number) => {
    const text = lines.slice(from, end).join('\n');
    if (direction === undefined || text.trim() === '') return;
    const origin = { file: source.file, line: from + 1 };
    const found = whole ? oneStatement(text, origin) : splitSql(text, source.dialect, origin);
    if (direction === 'up') sections.up.push(...found);
    else sections.down = [...(sections.down ?? []), ...found];
  };

  lines.forEach((line, index) => {
    const mark = MARK.exec(line.trim())?.[1]?.toUpperCase();
    if (mark === undefined) return;
    collect(index);
    from = index + 1;
    switch (mark) {
      case 'UP':
        direction = 'up';
        break;
      case 'DOWN':
        direction = 'down';
        sections.down ??= [];
        break;
      case 'STATEMENTBEGIN':
        whole = true;
        break;
      case 'STATEMENTEND':
        whole = false;
        break;
      case 'NO TRANSACTION':
        transactional = false;
        break;
      case 'ENVSUB ON':
      case 'ENVSUB OFF':
        throw invalidMigration(
          source.file,
          index + 1,
          'ENVSUB is not supported: the environment would change what runs while the checksum stays the same. Write the value, or use a code migration.',
        );
      default:
        throw invalidMigration(
          source.file,
          index + 1,
          `"+goose ${mark}" is not known. Known: Up, Down, StatementBegin, StatementEnd, NO TRANSACTION.`,
        );
    }
  });
  if (whole) throw invalidMigration(source.file, lines.length, '"+goose StatementBegin" has no StatementEnd.');
  collect(lines.length);
  return {
    format: 'goose',
    up: sqlBody(sections.up),
    down: sections.down === undefined ? undefined : sqlBody(sections.down),
    transactional: { up: transactional, down: transactional },
  };
}

/** The author said that it is one statement; where it begins is after the blank lines. */
function oneStatement(text: string, origin: { file: string; line: number }): SqlStatement[] {
  const blank = /^\s*/.exec(text)?.[0] ?? '';
  const newlines = blank.split('\n').length - 1;
  return [
    {
      sql: text.trim(),
      file: origin.file,
      line: origin.line + newlines,
      column: blank.length - blank.lastIndexOf('\n'),
    },
  ];
}
