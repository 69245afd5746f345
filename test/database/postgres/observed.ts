/** What a database has, read with PostgreSQL's own means: the output of pg_dump, and the privileges in the catalogues. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import pg from 'pg';
import { findClients } from '../../../src/database/postgres/dump-clients.ts';

/** A superuser's connection. */
export interface Observer {
  host: string;
  port: number;
  user: string;
  password?: string;
  /** `server_version_num` */
  version: number;
}

export interface Observed {
  schema: string[];
  rows: string[];
  privileges: { name: string; owner: string; acl: string[] }[];
  objects: unknown[];
}

export async function observe(observer: Observer, database: string): Promise<Observed> {
  const { host, port, user, password, version } = observer;
  const env = {
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: user,
    ...(password === undefined ? {} : { PGPASSWORD: password }),
  };
  // A server's folder may have no client programs.
  const { folder } = await findClients(Math.floor(version / 10_000));
  const dump = (...args: string[]) =>
    execFileSync(join(folder, 'pg_dump'), [...args, database], { env, encoding: 'utf8', maxBuffer: 1 << 28 });
  const schema = dump('--schema-only', '--create')
    .split('\n')
    .filter((line) => !/^\\(un)?restrict|^--/.test(line))
    .map((line) => line.replace(/::(?:character varying|text)(?:\[\])?|[()]/g, ''))
    // Since version 18, the server adds a number where LIKE … INCLUDING ALL has used the name.
    .map((line) => line.replace(/CONSTRAINT (?:"[^"]+"|\w+)_not_null\d* NOT NULL/, 'NOT NULL'))
    // A dump gives the sequence of an identity the type of its column, which INCLUDING IDENTITY does not.
    .map((line) => line.replace(/^ {4}MAXVALUE (?:2147483647|32767)$/, '    NO MAXVALUE'))
    .filter((line) => line !== '');
  const rows = dump('--data-only', '--inserts')
    .split('\n')
    .filter((line) => !/^\\(un)?restrict/.test(line))
    .sort();
  const client = new pg.Client({ host, port, user, password, database });
  await client.connect();
  try {
    return {
      schema,
      rows,
      privileges: (await client.query(PRIVILEGES)).rows,
      objects: (await client.query(OBJECTS)).rows,
    };
  } finally {
    await client.end();
  }
}

const PRIVILEGES = `SELECT relnamespace::regnamespace::text || '.' || relname AS name, relowner::regrole::text AS owner,
    ARRAY(SELECT a::text FROM unnest(relacl) a ORDER BY 1) AS acl FROM pg_class WHERE oid >= 16384 AND relkind NOT IN ('t', 'i', 'I') AND relnamespace <> 'pg_toast'::regnamespace
  UNION ALL SELECT oid::regprocedure::text, proowner::regrole::text, ARRAY(SELECT a::text FROM unnest(proacl) a ORDER BY 1) FROM pg_proc WHERE oid >= 16384
  UNION ALL SELECT nspname, nspowner::regrole::text, ARRAY(SELECT a::text FROM unnest(nspacl) a ORDER BY 1) FROM pg_namespace
  UNION ALL SELECT 'lo ' || oid, lomowner::regrole::text, ARRAY(SELECT a::text FROM unnest(lomacl) a ORDER BY 1) FROM pg_largeobject_metadata
  UNION ALL SELECT 'default ' || defaclnamespace::regnamespace || defaclobjtype::text, defaclrole::regrole::text, ARRAY(SELECT a::text FROM unnest(defaclacl) a ORDER BY 1) FROM pg_default_acl
  ORDER BY 1, 2, 3`;

const OBJECTS = `SELECT md5(string_agg(loid || ':' || pageno || encode(data, 'hex'), ',' ORDER BY loid, pageno)) AS content FROM pg_largeobject`;
