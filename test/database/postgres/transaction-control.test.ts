import assert from 'node:assert/strict';
import { refuseControl } from '../../../src/database/postgres/transaction-control.ts';

const REFUSED = [
  'COMMIT',
  ' -- why\n commit work;',
  "INSERT INTO t VALUES ('a''b'); COMMIT; INSERT INTO t VALUES (2)",
  'ROLLBACK',
  'ABORT',
  'END',
  'START TRANSACTION ISOLATION LEVEL SERIALIZABLE',
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

describe('transaction control in code on PostgreSQL', () => {
  for (const sql of REFUSED) {
    it(`is refused: ${sql}`, () => assert.throws(() => refuseControl(sql), /does not belong here/));
  }
  for (const sql of ALLOWED) {
    it(`is not what it looks like: ${sql}`, () => assert.doesNotThrow(() => refuseControl(sql)));
  }
});
