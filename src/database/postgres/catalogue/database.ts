import type { CatalogueEntry, Privilege, RunQuery } from './entry.ts';
import { hashOf } from './entry.ts';
import { acl } from './sql.ts';
import { readSystemStatements } from './system.ts';

/** An extension, with the options of CREATE EXTENSION. */
export interface InstalledExtension {
  name: string;
  schema: string;
  schemaOwner: string;
  version: string;
  owner: string;
}

/** What belongs to the database itself and is in no dump of its content. */
export interface DatabaseProperties {
  encoding: string;
  /** The columns of pg_database that define how text is sorted, by name. */
  locale: Record<string, string | null>;
  tablespace: string;
  connectionLimit: number;
  allowConnections: boolean;
  isTemplate: boolean;
  comment: string | null;
  owner: string;
  privileges: Privilege[];
  /** `ALTER DATABASE … SET`; with a role: `ALTER ROLE … IN DATABASE … SET`. `name=value` each. */
  settings: { role: string | null; config: string[] }[];
  /** In the order in which they were created. pg_dump writes neither their versions nor their owners. */
  extensions: InstalledExtension[];
  /** SQL for what pg_dump leaves out. */
  system: string[];
}

/** A list of InstalledExtension. */
export const INSTALLED = `coalesce((SELECT jsonb_agg(jsonb_build_object('name', x.extname, 'schema', n.nspname, 'schemaOwner', pg_get_userbyid(n.nspowner),
    'version', x.extversion, 'owner', pg_get_userbyid(x.extowner)) ORDER BY x.oid) FROM pg_extension x JOIN pg_namespace n ON n.oid = x.extnamespace), '[]'::jsonb)`;

const QUERY = `SELECT jsonb_build_object(
    'encoding', pg_encoding_to_char(d.encoding),
    'locale', (SELECT jsonb_object_agg(key, value) FROM jsonb_each(to_jsonb(d))
                WHERE key IN ('datcollate', 'datctype', 'datlocprovider', 'daticulocale', 'datlocale', 'daticurules')),
    'tablespace', t.spcname, 'connectionLimit', d.datconnlimit, 'allowConnections', d.datallowconn, 'isTemplate', d.datistemplate,
    'comment', shobj_description(d.oid, 'pg_database'), 'owner', pg_get_userbyid(d.datdba),
    'privileges', ${acl('d.datacl', `'d'::"char"`, 'd.datdba')},
    'extensions', ${INSTALLED},
    'settings', coalesce((SELECT jsonb_agg(jsonb_build_object('role', CASE s.setrole WHEN 0 THEN NULL ELSE pg_get_userbyid(s.setrole)::text END,
        'config', s.setconfig) ORDER BY s.setrole = 0 DESC, pg_get_userbyid(s.setrole)) FROM pg_db_role_setting s WHERE s.setdatabase = d.oid), '[]'::jsonb))::text
  FROM pg_database d JOIN pg_tablespace t ON t.oid = d.dattablespace`;

type Own = Omit<DatabaseProperties, 'system'>;

export async function readProperties(run: RunQuery): Promise<DatabaseProperties> {
  return { ...(await readOwn(run)), system: await readSystemStatements(run) };
}

async function readOwn(run: RunQuery): Promise<Own> {
  const [line = ''] = await run(`${QUERY} WHERE d.datname = current_database()`);
  return JSON.parse(line) as Own;
}

/** The properties as one object of the digest. The values of settings may be secret: only their hash is kept here. */
export async function databaseEntry(run: RunQuery): Promise<CatalogueEntry> {
  const { owner, privileges, settings, ...rest } = await readOwn(run);
  const sorted = settings.map(({ role, config }) => [role, [...config].sort()]);
  // A copy that is being filled takes no connections and is not a template; this is set when it is swapped in.
  const text = JSON.stringify([rest.encoding, rest.locale, rest.tablespace, rest.comment, sorted]);
  return { class: 'database', name: 'database', owner, privileges, value: hashOf(text) };
}
