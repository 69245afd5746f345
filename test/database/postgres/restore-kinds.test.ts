/** What pg_dump writes in a form that a plain restore cannot use, or that compared as different although it was equal. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { restoreBackup } from '../../../src/backups/restore.ts';
import { takeBackup } from '../../../src/backups/take.ts';
import { LARGE_TABLE, OPTIONS, openTarget, targetOf, withPostgres } from '../../backups/fixtures.ts';
import { temporaryFolder } from '../../support/databases.ts';
import { sharedPostgres } from '../../support/postgres.ts';

const RESTORE = { safetyBackup: false, now: OPTIONS.now, terminateSessions: true } as const;

/** By the owner; `$a`, `$b`, `$c` are roles of which the owner is a member. */
const OBJECTS = `
  CREATE TYPE mood AS ENUM ('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'); CREATE DOMAIN feeling AS mood;
  CREATE TABLE moods (m mood, n int) PARTITION BY HASH (m); CREATE TABLE moods_0 PARTITION OF moods FOR VALUES WITH (MODULUS 3, REMAINDER 0);
  CREATE TABLE moods_1 PARTITION OF moods FOR VALUES WITH (MODULUS 3, REMAINDER 1); CREATE TABLE moods_2 PARTITION OF moods FOR VALUES WITH (MODULUS 3, REMAINDER 2);
  INSERT INTO moods SELECT m, n FROM unnest(enum_range(NULL::mood)) m, generate_series(1, 5) n;
  CREATE TABLE deep (y int, m feeling) PARTITION BY RANGE (y); CREATE TABLE deep_1 PARTITION OF deep FOR VALUES FROM (0) TO (9) PARTITION BY HASH (m, y);
  CREATE TABLE deep_1_0 PARTITION OF deep_1 FOR VALUES WITH (MODULUS 2, REMAINDER 0); CREATE TABLE deep_1_1 PARTITION OF deep_1 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
  CREATE TABLE deep_2 PARTITION OF deep FOR VALUES FROM (9) TO (20); INSERT INTO deep SELECT y, m FROM unnest(enum_range(NULL::mood)) m, generate_series(1, 15) y;
  CREATE TYPE mood_pair AS (m mood, n int); CREATE TABLE mood_lists (m mood[], p mood_pair) PARTITION BY HASH (m, p);
  CREATE TABLE mood_lists_0 PARTITION OF mood_lists FOR VALUES WITH (MODULUS 2, REMAINDER 0); CREATE TABLE mood_lists_1 PARTITION OF mood_lists FOR VALUES WITH (MODULUS 2, REMAINDER 1);
  INSERT INTO mood_lists SELECT ARRAY[m, 'a'], ROW(m, n)::mood_pair FROM unnest(enum_range(NULL::mood)) m, generate_series(1, 9) n;
  CREATE TABLE numbers (n int) PARTITION BY HASH (n); CREATE TABLE numbers_0 PARTITION OF numbers FOR VALUES WITH (MODULUS 1, REMAINDER 0); INSERT INTO numbers VALUES (1);
  CREATE TEXT SEARCH DICTIONARY zz_plain (TEMPLATE = simple); CREATE TEXT SEARCH DICTIONARY aa_thesaurus (TEMPLATE = thesaurus, DictFile = thesaurus_sample, Dictionary = zz_plain);
  CREATE TEXT SEARCH DICTIONARY "Zz Plain" (TEMPLATE = simple); CREATE TEXT SEARCH DICTIONARY ab_thesaurus (TEMPLATE = thesaurus, DictFile = thesaurus_sample, Dictionary = '"Zz Plain"');
  CREATE TEXT SEARCH CONFIGURATION conf (COPY = simple); ALTER TEXT SEARCH CONFIGURATION conf ALTER MAPPING FOR asciiword WITH aa_thesaurus, ab_thesaurus, zz_plain; COMMENT ON TEXT SEARCH DICTIONARY aa_thesaurus IS 'first';
  CREATE AGGREGATE plus (int) (SFUNC = int4pl, STYPE = int, FINALFUNC_MODIFY = READ_WRITE, MSFUNC = int4pl, MINVFUNC = int4mi, MSTYPE = int, MFINALFUNC_MODIFY = SHAREABLE);
  CREATE AGGREGATE final (int) (SFUNC = int4pl, STYPE = int, FINALFUNC = int4abs, FINALFUNC_MODIFY = READ_WRITE);
  CREATE TABLE granted (id int); GRANT USAGE ON SCHEMA public TO $a, $b, $c; GRANT SELECT ON granted TO $a WITH GRANT OPTION; GRANT UPDATE ON granted TO $c;
  SET ROLE $a; GRANT SELECT ON granted TO $b WITH GRANT OPTION; SET ROLE $b; GRANT SELECT ON granted TO $c WITH GRANT OPTION; RESET ROLE;
  SET ROLE $c; GRANT SELECT ON granted TO $b; RESET ROLE; GRANT SELECT ON granted TO $b WITH GRANT OPTION;
  CREATE TABLE granted_later (id int, n int); GRANT SELECT ON granted_later TO $a WITH GRANT OPTION; GRANT SELECT ON granted_later TO $b WITH GRANT OPTION; SET ROLE $b; GRANT SELECT ON granted_later TO $c;
  SET ROLE $a; GRANT SELECT ON granted_later TO $b WITH GRANT OPTION; RESET ROLE; REVOKE SELECT ON granted_later FROM $b;
  CREATE FUNCTION granted_f() RETURNS int LANGUAGE sql AS 'SELECT 1'; GRANT EXECUTE ON FUNCTION granted_f() TO $c WITH GRANT OPTION; GRANT EXECUTE ON FUNCTION granted_f() TO $a WITH GRANT OPTION; SET ROLE $a; GRANT EXECUTE ON FUNCTION granted_f() TO $b;
  SET ROLE $c; GRANT EXECUTE ON FUNCTION granted_f() TO $a WITH GRANT OPTION; RESET ROLE; REVOKE EXECUTE ON FUNCTION granted_f() FROM $a; ${LARGE_TABLE}`;

const CONTENT = `SELECT (SELECT string_agg(m::text || n, ',' ORDER BY m, n) FROM moods) AS moods, (SELECT string_agg(y || m::text, ',' ORDER BY y, m) FROM deep) AS deep, (SELECT string_agg(m::text || p::text, ',' ORDER BY m, p) FROM mood_lists) AS lists,
  (SELECT array_agg(dictname::text ORDER BY dictname) FROM pg_ts_dict WHERE oid >= 16384) AS dictionaries, to_tsvector('conf', 'Supernovae stars') AS words,
  (SELECT array_agg(aggfnoid::text || aggfinalfn::text || CASE WHEN aggfinalfn <> 0 THEN aggfinalmodify::text ELSE '' END ORDER BY aggfnoid::text) FROM pg_aggregate WHERE aggfnoid >= 16384) AS aggregates,
  (SELECT array_agg(format('%s %s %s %s', pg_get_userbyid(grantor), pg_get_userbyid(grantee), privilege_type, is_grantable) ORDER BY relname, grantor, grantee, privilege_type) FROM pg_class, aclexplode(relacl) WHERE relname ~ '^granted') AS grants,
  (SELECT array_agg(format('%s %s %s %s', pg_get_userbyid(grantor), pg_get_userbyid(grantee), privilege_type, is_grantable) ORDER BY grantor, grantee) FROM pg_proc, aclexplode(proacl) WHERE proname = 'granted_f') AS of_function`;
const OF_DATABASE = `SELECT datconnlimit, datistemplate, datallowconn, shobj_description(oid, 'pg_database') AS comment,
  (SELECT array_agg(format('%s %s %s %s', pg_get_userbyid(grantor), pg_get_userbyid(grantee), privilege_type, is_grantable) ORDER BY grantor, grantee, privilege_type) FROM aclexplode(datacl)) AS grants
  FROM pg_database WHERE datname = current_database()`;
const DAMAGE = `DROP TABLE moods, deep, mood_lists, granted, granted_later; DROP FUNCTION granted_f(); DROP AGGREGATE plus(int), final(int); DROP TEXT SEARCH CONFIGURATION conf; DROP TEXT SEARCH DICTIONARY aa_thesaurus, zz_plain; DELETE FROM numbers`;

describe('objects whose dump is not restorable or comparable as it is', function () {
  this.timeout(120_000);

  for (const by of ['a superuser', 'an owner with CREATEDB', 'an owner'] as const) {
    it(`are equal after a restore by ${by}, and on a copy`, async () => {
      const postgres = await sharedPostgres();
      const { name, drop } = await postgres.createDatabase('kinds');
      const [owner, ...others] = ['owner', 'a', 'b', 'c'].map((each) => `${name}_${each}`);
      const [a = '', b = '', c = ''] = others;
      const named = (text: string) => text.replace(/\$([abc])/g, (_, role) => `${name}_${role}`);
      const query = (text: string) => postgres.query(text, [], name);
      await postgres.query(
        `CREATE ROLE ${a}; CREATE ROLE ${b}; CREATE ROLE ${c}; CREATE ROLE ${owner} LOGIN PASSWORD 'x' ${by === 'an owner with CREATEDB' ? 'CREATEDB' : ''} IN ROLE ${a}, ${b}, ${c}; ALTER DATABASE ${name} OWNER TO ${owner}`,
      );
      const ownersUrl = postgres.url(name).replace(/\/\/[^@]+@/, `//${owner}:x@`);
      const asOwner = (text: string) => withPostgres(targetOf(ownersUrl), (client) => client.query(named(text)));
      await query(`ALTER SCHEMA public OWNER TO ${owner}`);
      await asOwner(OBJECTS);
      await asOwner(`GRANT CONNECT ON DATABASE ${name} TO $a WITH GRANT OPTION; SET ROLE $a; GRANT CONNECT ON DATABASE ${name} TO $b; RESET ROLE; COMMENT ON DATABASE ${name} IS 'it''s "ours"';
        ALTER DATABASE ${name} CONNECTION LIMIT 37; ALTER DATABASE ${name} IS_TEMPLATE true`);
      const db = await openTarget(targetOf(by === 'a superuser' ? postgres.url(name) : ownersUrl));
      const said: string[] = [];
      try {
        const [content, database] = [await query(CONTENT), await query(OF_DATABASE)];
        const backup = await takeBackup(db, join(await temporaryFolder('kinds'), 'b'), OPTIONS);
        const scratch = await db.createScratch({ kind: 'backup', backup }, { runId: 'kinds', server: 'Private' });
        await scratch.drop();
        assert.doesNotMatch(scratch.notes.join('\n'), /differs from the backup/);
        await asOwner(DAMAGE);
        await asOwner(
          `ALTER DATABASE ${name} CONNECTION LIMIT 3; ALTER DATABASE ${name} IS_TEMPLATE false; COMMENT ON DATABASE ${name} IS NULL`,
        );
        await restoreBackup(db, backup, { ...RESTORE, onMessage: (text) => said.push(text) });
        assert.deepEqual(await query(CONTENT), content);
        assert.deepEqual(await query(OF_DATABASE), database);
        const kept = await db.keptDatabases();
        // Before version 15, the schema public of a new database belongs to a superuser, and no owner may change that.
        const bySwap = by === 'a superuser' || (by === 'an owner with CREATEDB' && postgres.version >= 150_000);
        assert.equal(kept.length, bySwap ? 1 : 0, said.join('\n'));
      } finally {
        for (const { name: kept } of await db.keptDatabases()) await db.dropKept(kept);
        await db.close();
        await query(`ALTER DATABASE ${name} IS_TEMPLATE false`);
        await drop();
        await postgres.query(`DROP ROLE ${[owner, ...others].join(', ')}`);
      }
    });
  }
});
