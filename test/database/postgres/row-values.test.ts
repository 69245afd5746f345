/** Row values in the messages of a real server, in the output of its programs and in what a rehearsal reports. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import pg from 'pg';
import { restoreBackup } from '../../../src/backups/restore.ts';
import { takeBackup } from '../../../src/backups/take.ts';
import { ProblemError } from '../../../src/core/model/problem.ts';
import { redactRows } from '../../../src/core/model/redact-rows.ts';
import { OPTIONS, openTarget, targetOf } from '../../backups/fixtures.ts';
import { temporaryFolder } from '../../support/databases.ts';
import { sharedPostgres } from '../../support/postgres.ts';

const RESTORE = { safetyBackup: false, now: OPTIONS.now, terminateSessions: true } as const;
const SECRET = 'S3CR3T';
/** Values that look like the text of the server after a value. */
const HOSTILE = [
  SECRET,
  `line\n${SECRET}`,
  `) already exists ${SECRET}`,
  `a) b "${SECRET}`,
  `x)=(${SECRET}`,
  `"; ${SECRET}\nDETAIL:  ${SECRET}`,
];

const TABLES = `CREATE TABLE "od d" (id int, a text, CONSTRAINT "od d check" CHECK (length(a) < 0), CONSTRAINT uniq UNIQUE (a));
  CREATE TABLE keyed (a text CONSTRAINT keyed_key UNIQUE, b text NOT NULL DEFAULT 'x'); CREATE TABLE child (a text CONSTRAINT child_fk REFERENCES keyed (a));
  CREATE TABLE ranges (r int4range, a text, CONSTRAINT apart EXCLUDE USING gist (r WITH &&)); CREATE TYPE mood AS ENUM ('ok');
  CREATE TABLE parts (a text) PARTITION BY LIST (a); CREATE DOMAIN short AS text CONSTRAINT short_check CHECK (length(value) < 2);
  CREATE VIEW ok_only AS SELECT a FROM keyed WHERE a = 'ok' WITH CHECK OPTION`;

/** Statements that fail with $1 in the message, and the name that the message must keep. */
const FAILING: [sql: string, kept: string][] = [
  ['INSERT INTO "od d" VALUES (1, $1)', 'od d check'],
  ['WITH x AS (INSERT INTO keyed VALUES ($1)) SELECT 1; INSERT INTO keyed VALUES ($1)', 'keyed_key'],
  ['INSERT INTO keyed VALUES ($1, NULL)', '"b"'],
  ['INSERT INTO child VALUES ($1)', 'child_fk'],
  ['INSERT INTO keyed VALUES ($1); INSERT INTO child VALUES ($1); DELETE FROM keyed', 'child_fk'],
  ['INSERT INTO parts VALUES ($1)', 'parts'],
  ['INSERT INTO ok_only VALUES ($1)', 'ok_only'],
  ['SELECT $1::text::int', 'type integer'],
  ['SELECT $1::text::uuid', 'type uuid'],
  ['SELECT $1::text::mood', 'enum mood'],
  ['SELECT $1::text::jsonb', 'type json'],
  [`SELECT ('{"a": ' || $1::text)::json`, 'type json'],
  ['SELECT $1::text::timestamptz', 'timestamp with time zone'],
  ['SELECT $1::text::numeric', 'type numeric'],
  ['SELECT $1::text::int[]', 'array'],
  ['SELECT $1::text::point', 'type point'],
  ['SELECT $1::text::inet', 'type inet'],
  ['SELECT $1::text::bool', 'type boolean'],
  ['SELECT $1::text::int4range', 'range'],
  ["SELECT to_date($1::text, 'YYYY-MM-DD')", 'invalid value'],
  ["SELECT decode($1::text, 'hex')", 'hexadecimal'],
  ['SELECT $1::text::short', 'short_check'],
];

describe('row values in messages of PostgreSQL', function () {
  this.timeout(120_000);
  let name = '';
  let drop: () => Promise<void> = async () => {};

  before(async () => {
    const postgres = await sharedPostgres();
    ({ name, drop } = await postgres.createDatabase('values'));
  });
  after(() => drop());

  it('are removed whichever way a value is written, and names are kept', async () => {
    const client = new pg.Client({ connectionString: (await sharedPostgres()).url(name) });
    await client.connect();
    try {
      await client.query(TABLES);
      let quoted = 0;
      for (const [sql, kept] of FAILING) {
        for (const value of HOSTILE) {
          await client.query('BEGIN');
          const error = await client.query(sql.replaceAll('$1', pg.escapeLiteral(value))).then(
            () => assert.fail(`${sql} did not fail`),
            (failure: pg.DatabaseError) => failure,
          );
          await client.query('ROLLBACK');
          const { message, detail = '', where = '' } = error;
          const text = `ERROR:  ${message}\nDETAIL:  ${detail}\nCONTEXT:  ${where}`;
          if (text.includes(SECRET)) quoted += 1;
          const shown = redactRows(text);
          assert.ok(!shown.includes(SECRET), `${sql} with ${value}: ${text} → ${shown}`);
          assert.ok(shown.includes(kept), `${sql} with ${value}: ${text} → ${shown}`);
        }
      }
      assert.ok(quoted > 80, `only ${quoted} messages quoted the value`);
    } finally {
      await client.end();
    }
  });

  for (const [what, value] of Object.entries({ 'one line': SECRET, 'several lines': `a\n${SECRET}) b\n"${SECRET}` })) {
    it(`are not in what a restore and a rehearsal report: ${what}`, async () => {
      const postgres = await sharedPostgres();
      const own = await postgres.createDatabase('values');
      const db = await openTarget(targetOf(postgres.url(own.name)));
      const said: string[] = [];
      try {
        await postgres.query(
          `CREATE TABLE checked (a text CONSTRAINT "the check" CHECK (true)); INSERT INTO checked VALUES (${pg.escapeLiteral(value)});
           CREATE FUNCTION bad(text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
           CREATE TABLE called (a text, CONSTRAINT calls CHECK (bad(a))); INSERT INTO called VALUES (${pg.escapeLiteral(value)});
           CREATE MATERIALIZED VIEW cast_view AS SELECT a FROM called WHERE bad(a);
           CREATE OR REPLACE FUNCTION bad(text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1::int > 0'`,
          [],
          own.name,
        );
        const backup = await takeBackup(db, join(await temporaryFolder('values'), 'b'), OPTIONS);
        const outcomes = [
          await db
            .createScratch({ kind: 'backup', backup }, { runId: 'values', server: 'Private' })
            .then(async ({ notes, drop: end }) => {
              await end();
              return notes.join('\n');
            })
            .catch(messageOf),
          await db
            .createScratch({ kind: 'backup', backup }, { runId: 'values', server: 'SameServer' })
            .then(async ({ notes, drop: end }) => {
              await end();
              return notes.join('\n');
            })
            .catch(messageOf),
          await restoreBackup(db, backup, { ...RESTORE, onMessage: (text) => said.push(text) })
            .then(() => 'restored')
            .catch(messageOf),
        ];
        const all = [...outcomes, ...said].join('\n');
        assert.match(all, /invalid input syntax for type integer: "\*\*\*/);
        assert.ok(!all.includes(SECRET), all);
      } finally {
        for (const { name: kept } of await db.keptDatabases()) await db.dropKept(kept);
        await db.close();
        await own.drop();
      }
    });
  }
});

function messageOf(error: unknown): string {
  if (error instanceof ProblemError) return error.problem.message;
  throw error;
}
