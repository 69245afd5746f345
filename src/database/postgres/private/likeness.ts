/** The properties of the target's server that a private server needs, read with the privileges of an ordinary role. */
import { INSTALLED, type InstalledExtension } from '../catalogue/database.ts';
import { readSystemStatements } from '../catalogue/system.ts';
import type { PostgresConnection } from '../connection.ts';
import { quoteIdentifier } from '../driver.ts';
import { queryOn } from '../dump-snapshot.ts';
import { readLocks } from '../locks-needed.ts';
import { MAX_CONNECTIONS } from './server.ts';

export interface Likeness {
  /** Who migrates, as the target's server sees it. */
  role: string;
  /** As whom its statements run: another role where `ALTER ROLE … SET role` says so. */
  actsAs: string;
  database: DatabaseLikeness;
  roles: string[];
  /** SQL for the attributes of roles: memberships, tablespaces, privileges on settings. Each may fail alone. */
  grants: string[];
  /** `ALTER DATABASE/ROLE … SET`, for after the copy is filled. */
  settings: Setting[];
  extensions: InstalledExtension[];
  /** Whether there is a schema `public`, which every new database has. */
  hasPublic: boolean;
  /** SQL for what pg_dump leaves out. */
  system: string[];
  /** Lines of postgresql.conf. */
  configuration: Record<string, string>;
}

export interface Setting {
  role?: string;
  /** Absent: in every database. */
  inDatabase: boolean;
  name: string;
  value: string;
}

export interface DatabaseLikeness {
  owner: string;
  encoding: string;
  collate: string | null;
  ctype: string | null;
  provider: 'libc' | 'icu' | 'builtin';
  locale?: string;
  comment?: string;
  /** GRANT and REVOKE; `%s` is replaced by the quoted name. */
  privileges: string[];
}

export async function readLikeness(open: PostgresConnection): Promise<Likeness> {
  const { client } = open;
  const one = async <Row extends object>(sql: string) => (await client.query<Row>(sql)).rows;
  const [session] = await one<{ role: string; acts: string }>(
    'SELECT session_user::text AS role, current_user::text AS acts',
  );
  const tablespaces = await one<{ name: string; owner: string; grants: string | null }>(
    `SELECT spcname AS name, pg_get_userbyid(spcowner) AS owner,
       (SELECT string_agg(quote_ident(pg_get_userbyid(grantee)), ', ') FROM aclexplode(spcacl) WHERE grantee <> 0) AS grants
     FROM pg_tablespace WHERE spcname !~ '^pg_'`,
  );
  const [inside] = await one<{ extensions: InstalledExtension[]; public: boolean }>(
    `SELECT ${INSTALLED} AS extensions, EXISTS (SELECT FROM pg_namespace WHERE nspname = 'public') AS public`,
  );
  return {
    role: session?.role ?? open.target.user,
    actsAs: session?.acts ?? open.target.user,
    database: await readDatabase(open),
    roles: await readRoles(open),
    grants: [
      ...(await readMemberships(open)),
      ...tablespaces.flatMap(({ name, owner, grants }) => [
        `CREATE TABLESPACE ${quoteIdentifier(name)} OWNER ${quoteIdentifier(owner)} LOCATION ''`,
        ...(grants === null ? [] : [`GRANT CREATE ON TABLESPACE ${quoteIdentifier(name)} TO ${grants}`]),
      ]),
      ...(await readParameterPrivileges(open)),
    ],
    settings: await readSettings(open),
    extensions: inside?.extensions ?? [],
    hasPublic: inside?.public ?? true,
    system: await readSystemStatements(queryOn(client)),
    configuration: await readConfiguration(open),
  };
}

async function readDatabase({ client }: PostgresConnection): Promise<DatabaseLikeness> {
  const { rows } = await client.query<{ row: Record<string, unknown> }>(
    `SELECT to_jsonb(d) || jsonb_build_object('encoding_name', pg_encoding_to_char(encoding), 'owner', pg_get_userbyid(datdba),
       'comment', shobj_description(oid, 'pg_database'), 'acl',
       (SELECT jsonb_agg(jsonb_build_object('to', CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END,
          'what', privilege_type, 'option', is_grantable)) FROM aclexplode(datacl))) AS "row"
     FROM pg_database d WHERE datname = current_database()`,
  );
  const row = rows[0]?.row ?? {};
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
  const acl = row.acl as { to: string; what: string; option: boolean }[] | null;
  return {
    owner: text(row.owner) ?? '',
    encoding: text(row.encoding_name) ?? 'UTF8',
    collate: text(row.datcollate) ?? null,
    ctype: text(row.datctype) ?? null,
    provider: ({ i: 'icu', b: 'builtin' } as const)[String(row.datlocprovider) as 'i'] ?? 'libc',
    locale: text(row.datlocale) ?? text(row.daticulocale),
    comment: text(row.comment),
    privileges:
      row.datacl === null || row.datacl === undefined
        ? []
        : [
            'REVOKE ALL ON DATABASE %s FROM PUBLIC',
            ...(acl ?? []).map(
              ({ to, what, option }) => `GRANT ${what} ON DATABASE %s TO ${to}${option ? ' WITH GRANT OPTION' : ''}`,
            ),
          ],
  };
}

/** Attributes without passwords: a private socket requires none. */
async function readRoles({ client }: PostgresConnection): Promise<string[]> {
  const { rows } = await client.query<Record<string, unknown>>(
    `SELECT rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls
     FROM pg_roles WHERE rolname !~ '^pg_'`,
  );
  const words: [string, string][] = [
    ['rolsuper', 'SUPERUSER'],
    ['rolinherit', 'INHERIT'],
    ['rolcreaterole', 'CREATEROLE'],
    ['rolcreatedb', 'CREATEDB'],
    ['rolcanlogin', 'LOGIN'],
    ['rolreplication', 'REPLICATION'],
    ['rolbypassrls', 'BYPASSRLS'],
  ];
  return rows.map((row) => {
    const attributes = words.map(([column, word]) => (row[column] === true ? word : `NO${word}`));
    return `CREATE ROLE ${quoteIdentifier(String(row.rolname))} ${attributes.join(' ')}`;
  });
}

async function readMemberships({ client }: PostgresConnection): Promise<string[]> {
  const { rows } = await client.query<{ role: string; member: string; options: Record<string, unknown> }>(
    `SELECT DISTINCT quote_ident(r.rolname) AS role, quote_ident(m.rolname) AS member,
       to_jsonb(a) - 'oid' - 'grantor' - 'roleid' - 'member' AS options
     FROM pg_auth_members a JOIN pg_roles r ON r.oid = a.roleid JOIN pg_roles m ON m.oid = a.member
     WHERE m.rolname !~ '^pg_'`,
  );
  return rows.map(({ role, member, options }) => {
    const option = (column: string, word: string) =>
      typeof options[column] === 'boolean' ? [`${word} ${options[column] ? 'TRUE' : 'FALSE'}`] : [];
    // Since version 16 a membership records whether it is inherited and whether one may SET ROLE.
    const modern = [...option('inherit_option', 'INHERIT'), ...option('set_option', 'SET')];
    const wanted =
      modern.length > 0
        ? [...option('admin_option', 'ADMIN'), ...modern]
        : options.admin_option
          ? ['ADMIN OPTION']
          : [];
    return `GRANT ${role} TO ${member}${wanted.length === 0 ? '' : ` WITH ${wanted.join(', ')}`}`;
  });
}

/** GRANT SET ON PARAMETER was added in version 15. */
async function readParameterPrivileges({ client, version }: PostgresConnection): Promise<string[]> {
  if (version < 150_000) return [];
  const { rows } = await client.query<{ sql: string }>(
    `SELECT format('GRANT %s ON PARAMETER %s TO %s', privilege_type, parname,
       CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END) AS sql
     FROM pg_parameter_acl, aclexplode(paracl)`,
  );
  return rows.map(({ sql }) => sql);
}

async function readSettings({ client }: PostgresConnection): Promise<Setting[]> {
  const { rows } = await client.query<{ role: string | null; here: boolean; text: string }>(
    `SELECT r.rolname AS role, s.setdatabase <> 0 AS here, unnest(s.setconfig) AS text
     FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = s.setrole
     WHERE s.setdatabase = 0 OR s.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  );
  return rows.map(({ role, here, text }) => {
    const split = text.indexOf('=');
    return { role: role ?? undefined, inDatabase: here, name: text.slice(0, split), value: text.slice(split + 1) };
  });
}

/** Server settings that change the meaning of SQL, and settings that some objects need. */
const COPIED = [
  'DateStyle',
  'IntervalStyle',
  'TimeZone',
  'array_nulls',
  'backslash_quote',
  'bytea_output',
  'default_text_search_config',
  'default_toast_compression',
  'default_transaction_deferrable',
  'default_transaction_isolation',
  'extra_float_digits',
  'lo_compat_privileges',
  'password_encryption',
  'quote_all_identifiers',
  'row_security',
  'search_path',
  'standard_conforming_strings',
  'transform_null_equals',
  'xmlbinary',
  'xmloption',
  'createrole_self_grant',
  'max_prepared_transactions',
  'max_replication_slots',
  'max_wal_senders',
  'track_commit_timestamp',
  'wal_level',
];

async function readConfiguration({ client }: PostgresConnection): Promise<Record<string, string>> {
  const { rows } = await client.query<{ name: string; setting: string }>(
    `SELECT name, setting FROM pg_settings
     WHERE name = ANY ($1) AND source NOT IN ('default', 'client', 'session', 'database', 'user', 'database user')`,
    [COPIED],
  );
  const { needed, capacity } = await readLocks(client);
  // As many locks in all as the target has, and those of a restore in one transaction.
  const locks = Math.ceil(Math.max(needed, capacity) / MAX_CONNECTIONS);
  return {
    ...Object.fromEntries(rows.map(({ name, setting }) => [name, setting])),
    max_locks_per_transaction: String(locks),
  };
}
