import { onAction, type Rule, SQLITE } from '../rule.ts';

export const newerThanLibrary: Rule = {
  id: 'newer-than-library',
  topic: 'sqlite',
  title: 'A feature that this SQLite library does not support yet.',
  why: 'Each program that opens the file brings its own SQLite library: db-manager, the application, the sqlite3 shell. In an older library the statement fails, and so does every query over a schema that it cannot read.',
  dialects: SQLITE,
  severity: 'error',
  check: onAction('feature', ({ feature, since }, { server }) =>
    since > server.version
      ? {
          message: `${feature} needs SQLite ${dotted(since)}; this library is ${dotted(server.version)}.`,
          advice: 'Write it without this feature, or update the SQLite library of the programs that open the file.',
        }
      : undefined,
  ),
  examples: {
    bad: [
      { sql: 'ALTER TABLE orders DROP COLUMN note', version: 3034001 },
      { sql: 'DELETE FROM fills WHERE quantity = 0 RETURNING id', version: 3034001 },
      { sql: 'CREATE TABLE t (a INTEGER) STRICT', version: 3036000 },
      { sql: 'CREATE VIEW v AS SELECT * FROM a RIGHT JOIN b ON a.id = b.id', version: 3038005 },
      { sql: 'UPDATE a SET x = b.x FROM b WHERE b.id = a.id', version: 3032003 },
      { sql: "UPDATE signals SET kind = body ->> '$.kind' WHERE kind IS NULL", version: 3037002 },
      { sql: 'ALTER TABLE t ALTER COLUMN a DROP NOT NULL', version: 3040001 },
    ],
    good: [
      { sql: 'ALTER TABLE orders DROP COLUMN note', version: 3035000 },
      { sql: 'CREATE TABLE t (a INTEGER) STRICT', version: 3037000 },
      { sql: "UPDATE t SET note = 'RETURNING, RIGHT JOIN' WHERE id = 1", version: 3024000 },
    ],
  },
};

/** `3.35.0` of 3035000. */
function dotted(version: number): string {
  return [Math.floor(version / 1_000_000), Math.floor(version / 1000) % 1000, version % 1000].join('.');
}
