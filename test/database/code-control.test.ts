import assert from 'node:assert/strict';
import { codeControl } from '../../src/database/code-control.ts';

const REFUSED = [
  'COMMIT',
  ' -- why\n commit work;',
  "INSERT INTO t VALUES ('a''b'); COMMIT; INSERT INTO t VALUES (2)",
  'ROLLBACK',
  'ABORT',
  'END',
  'BEGIN; COMMIT; COMMIT',
  "PREPARE TRANSACTION 'x'",
  String.raw`SELECT E'it\'s'; END`,
];

const ALLOWED = [
  'SAVEPOINT a; ROLLBACK TO a; ROLLBACK TO SAVEPOINT a; RELEASE a',
  "INSERT INTO t VALUES ('; COMMIT;')",
  String.raw`INSERT INTO t VALUES (e'\'; COMMIT;')`,
  'SELECT 1 AS "; commit ;"',
  'SELECT 1 -- ; commit',
  'SELECT 1 /* ; commit; */',
  'DO $body$ BEGIN PERFORM 1; END; $body$',
  "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$; COMMENT ON TABLE t IS 'commit'",
  'CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END',
  'PREPARE p AS SELECT 1',
  'UPDATE t SET "end" = CASE WHEN true THEN 1 END',
];

const BEGIN = 'SAVEPOINT db_manager_begin';
const COMMIT = 'RELEASE SAVEPOINT db_manager_begin';
const ROLLBACK = 'ROLLBACK TO SAVEPOINT db_manager_begin; RELEASE SAVEPOINT db_manager_begin';

/** Queries one after the other, what becomes of each, and whether a transaction is open then. */
const JOINED: [string[], string[], boolean][] = [
  [["BEGIN; SELECT ';COMMIT'; COMMIT;"], [`${BEGIN}; SELECT ';COMMIT';${COMMIT};`], false],
  [['begin work', 'SELECT 1', 'end'], [BEGIN, 'SELECT 1', COMMIT], false],
  [['START TRANSACTION ISOLATION LEVEL SERIALIZABLE', 'ABORT'], [BEGIN, ROLLBACK], false],
  [['BEGIN', 'BEGIN', 'ROLLBACK'], [BEGIN, 'SELECT 1', ROLLBACK], false],
  [['BEGIN; COMMIT AND CHAIN'], [`${BEGIN};${COMMIT}; ${BEGIN}`], true],
  [['BEGIN'], [BEGIN], true],
];

describe('transaction control in code', () => {
  for (const sql of REFUSED) {
    it(`is refused: ${sql}`, () => assert.throws(() => codeControl().join(sql), /is not allowed here/));
  }
  for (const sql of ALLOWED) {
    it(`is not what it looks like: ${sql}`, () => assert.equal(codeControl().join(sql), sql));
  }
  for (const [queries, expected, open] of JOINED) {
    it(`joins our transaction: ${queries.join(' | ')}`, () => {
      const control = codeControl();
      assert.deepEqual(queries.map(control.join), expected);
      assert.equal(control.open(), open);
    });
  }
});
