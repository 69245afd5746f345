import assert from 'node:assert/strict';
import { join } from 'node:path';
import pg from 'pg';
import { restoreBackup } from '../../../src/backups/restore.ts';
import { takeBackup } from '../../../src/backups/take.ts';
import { OPTIONS, openTarget, targetOf } from '../../backups/fixtures.ts';
import { temporaryFolder } from '../../support/databases.ts';
import { sharedPostgres } from '../../support/postgres.ts';

const RESTORE = { safetyBackup: false, now: OPTIONS.now, terminateSessions: true } as const;
const LONG = process.env.DB_MANAGER_FAULTS === 'long';
const UTF8 = `TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'`;

/** With every setting of the database. */
const OURS = `SET client_encoding = UTF8; SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; SET lock_timeout = 0;
  SET standard_conforming_strings = on; SET datestyle = ISO; SET intervalstyle = postgres; SET bytea_output = hex; SET extra_float_digits = 1; SET timezone = UTC`;

interface Odd {
  name: string;
  how?: string;
  /** After it was created; `%s` is its quoted name. */
  after?: string;
  /** Texts that its encoding has. */
  texts?: string[];
  icu?: true;
  /** Only with `DB_MANAGER_FAULTS=long`. */
  long?: true;
}

const ODD: Record<string, Odd> = {
  'a name with every odd character': { name: `Gr\u00f6\u00dfe "x" 'y' \\ %s {} $1 /?#=&@:; -- \u20ac` },
  'a name like an option': { long: true, name: '-W --help' },
  'a name like a connection string': { long: true, name: 'host=nowhere user=x' },
  'a name of 63 bytes': { long: true, name: 'n'.repeat(63) },
  'a name of 63 bytes in 21 characters': { name: '\u20ac'.repeat(21) },
  'the encoding LATIN1': {
    name: 'latin1',
    how: `TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'`,
    texts: ['\u00e4\u00df\u00ff', "it's"],
  },
  'the encoding SQL_ASCII': {
    name: 'ascii',
    how: `TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'`,
    texts: ['plain', 'b\u00f6se'],
  },
  'the encoding EUC_JP': {
    long: true,
    name: 'euc',
    how: `TEMPLATE template0 ENCODING 'EUC_JP' LC_COLLATE 'C' LC_CTYPE 'C'`,
    texts: ['\u65e5\u672c'],
  },
  'the encoding WIN1252': {
    long: true,
    name: 'win',
    how: `TEMPLATE template0 ENCODING 'WIN1252' LC_COLLATE 'C' LC_CTYPE 'C'`,
    texts: ['\u20ac\u201e'],
  },
  'a locale of ICU': {
    name: 'icu',
    icu: true,
    how: `TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'de-u-co-phonebk' LC_COLLATE 'C' LC_CTYPE 'C'`,
    after: 'ALTER DATABASE %s CONNECTION LIMIT 9 IS_TEMPLATE true',
  },
  'the mark of a template': { long: true, name: 'marked', after: 'ALTER DATABASE %s IS_TEMPLATE true' },
  'a connection limit': { long: true, name: 'limited', after: 'ALTER DATABASE %s CONNECTION LIMIT 9' },
  'settings that change what its queries mean': {
    name: 'settings',
    after: `ALTER DATABASE %s SET statement_timeout = '20ms'; ALTER DATABASE %s SET standard_conforming_strings = off; ALTER DATABASE %s SET datestyle = 'German'; ALTER DATABASE %s SET client_encoding = 'LATIN1'; ALTER DATABASE %s SET lock_timeout = '1ms'; ALTER DATABASE %s SET bytea_output = 'escape'; ALTER DATABASE %s SET idle_in_transaction_session_timeout = '30ms'; ALTER DATABASE %s SET quote_all_identifiers = on; ALTER DATABASE %s SET extra_float_digits = -10; ALTER DATABASE %s SET row_security = off; ALTER DATABASE %s SET search_path = ''; ALTER DATABASE %s SET default_transaction_isolation = 'serializable'; ALTER DATABASE %s SET array_nulls = off; ALTER DATABASE %s SET transform_null_equals = on; ALTER DATABASE %s SET jit = off; ALTER DATABASE %s SET xmloption = 'document'; ALTER DATABASE %s SET default_transaction_deferrable = on; ALTER DATABASE %s SET timezone = 'Asia/Kathmandu'; ALTER DATABASE %s SET intervalstyle = 'sql_standard'`,
  },
};

describe('a database with', function () {
  this.timeout(120_000);
  for (const [what, { name, how = UTF8, after = '', texts = ['ä', "it's"], icu }] of Object.entries(ODD).filter(
    ([, { long }]) => LONG || !long,
  )) {
    it(`${what} is rehearsed, and restored by swap and in place`, async () => {
      const postgres = await sharedPostgres();
      const [built] = await postgres.query<{ icu: boolean }>(
        "SELECT EXISTS (SELECT FROM pg_collation WHERE collname = 'de-x-icu') AS icu",
      );
      // Databases have it since version 15, and not every build does.
      const locale = icu && (postgres.version < 150_000 || built?.icu !== true) ? UTF8 : how;
      const quoted = pg.escapeIdentifier(name);
      const role = `odd_${Object.keys(ODD).indexOf(what)}`;
      await postgres.query(`CREATE ROLE ${role} LOGIN CREATEDB PASSWORD 'x'`);
      await postgres.query(`CREATE DATABASE ${quoted} OWNER ${role} ${locale}`);
      const url = postgres.url(encodeURIComponent(name)).replace(/\/\/[^@]+@/, `//${role}:x@`);
      const withClient = async <T>(use: (client: pg.Client) => Promise<T>) => {
        const client = new pg.Client({ ...postgres, database: name });
        await client.connect();
        try {
          await client.query(OURS);
          return await use(client);
        } finally {
          await client.end();
        }
      };
      const rows = async (client: pg.Client) => (await client.query('SELECT * FROM public.t ORDER BY id')).rows;
      const before = await withClient(async (client) => {
        await client.query(
          'CREATE TABLE public.t (id int PRIMARY KEY, text text, at timestamptz, f float8, b bytea, iv interval); CREATE INDEX ON public.t (text)',
        );
        for (const [id, text] of texts.entries())
          await client.query(
            `INSERT INTO public.t VALUES ($1, $2, '2020-02-03 04:05:06.789Z', 0.1::float8 + 0.2, '\\x00ff5c', '1 year 2 days')`,
            [id, text],
          );
        await client.query(`ALTER TABLE public.t OWNER TO ${role}; COMMENT ON TABLE public.t IS 'it''s \\ %'`);
        return rows(client);
      });
      for (const statement of after.split(';').filter((each) => each.trim() !== ''))
        await postgres.query(statement.replaceAll('%s', () => quoted));
      const said: string[] = [];
      const db = await openTarget(targetOf(url));
      try {
        const backup = await takeBackup(db, join(await temporaryFolder('odd'), 'b'), OPTIONS);
        const scratch = await db.createScratch({ kind: 'backup', backup }, { runId: 'odd', server: 'Private' });
        try {
          assert.deepEqual(scratch.notes, []);
          const copy = scratch.database.sequelize as { query(sql: string): Promise<[{ n: number }[], unknown]> };
          assert.deepEqual((await copy.query('SELECT count(*)::int AS n FROM public.t'))[0], [{ n: texts.length }]);
        } finally {
          await scratch.drop();
        }
        for (const way of ['CREATEDB', 'NOCREATEDB']) {
          await postgres.query(`ALTER ROLE ${role} ${way}`);
          await withClient((damage) =>
            damage.query("DELETE FROM public.t WHERE id = 0; COMMENT ON TABLE public.t IS 'x'"),
          );
          await restoreBackup(db, backup, { ...RESTORE, onMessage: (text) => said.push(text) });
          assert.deepEqual(await withClient(async (again) => rows(again)), before);
        }
        assert.equal((await db.keptDatabases()).length, 1, said.join('\n'));
      } finally {
        for (const kept of await db.keptDatabases().catch(() => [])) await db.dropKept(kept.name);
        await db.close();
        await postgres.query(`ALTER DATABASE ${quoted} IS_TEMPLATE false`);
        await postgres.query(`DROP DATABASE ${quoted} WITH (FORCE)`);
        await postgres.query(`DROP ROLE ${role}`);
      }
    });
  }
});
