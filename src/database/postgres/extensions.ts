/** Creates extensions as they are in another database: pg_restore would take the default version, and its own user. */
import type { InstalledExtension } from './catalogue/database.ts';
import { type Client, quoteIdentifier } from './driver.ts';

interface CreatedExtensions {
  /** Schemas that did not exist. */
  schemas: string[];
  /** Extensions whose version is not available here, as sentences. */
  notes: string[];
}

interface Here {
  user: string;
  /** Roles that this user may act as. */
  roles: ReadonlySet<string>;
  available: ReadonlySet<string>;
  /** Extensions that specify their schema. */
  fixed: ReadonlySet<string>;
}

/** In an empty database. What cannot be created here is left to pg_restore, which gives the reason. */
export async function createExtensions(
  client: Client,
  extensions: readonly InstalledExtension[],
): Promise<CreatedExtensions> {
  const here = await lookAround(client);
  const notes: string[] = [];
  const before = await schemasOf(client);
  for (const extension of extensions) {
    const { name, version } = extension;
    const has = here.available.has(`${name} ${version}`);
    if (!has) notes.push(`Version ${version} of the extension ${name} is not available here.`);
    if (await isThere(client, extension, has)) continue;
    const how = [true, false].filter((asOwner) => !asOwner || here.roles.has(extension.owner));
    for (const asOwner of how) {
      const statements = statementsFor(extension, here, { asOwner, versioned: has });
      if (await attempt(client, statements, asOwner ? extension : undefined)) break;
    }
  }
  const after = await schemasOf(client);
  return { schemas: [...after].filter((schema) => !before.has(schema)), notes };
}

function statementsFor(
  { name, schema, schemaOwner, version, owner }: InstalledExtension,
  { user, roles, fixed }: Here,
  { asOwner, versioned }: { asOwner: boolean; versioned: boolean },
): string[] {
  const [role, place] = [quoteIdentifier(owner), quoteIdentifier(schema)];
  const create = [
    `CREATE EXTENSION ${quoteIdentifier(name)}`,
    ...(fixed.has(name) ? [] : [`SCHEMA ${place}`]),
    ...(versioned ? [`VERSION ${quoteIdentifier(version)}`] : []),
  ].join(' ');
  const authorization = roles.has(schemaOwner) ? ` AUTHORIZATION ${quoteIdentifier(schemaOwner)}` : '';
  const makeSchema = /^pg_/.test(schema) ? [] : [`CREATE SCHEMA IF NOT EXISTS ${place}${authorization}`];
  const drop = `DROP EXTENSION IF EXISTS ${quoteIdentifier(name)}`;
  if (!asOwner || owner === user) return [...makeSchema, drop, create];
  return [...makeSchema, drop, `SET LOCAL ROLE ${role}`, create, 'RESET ROLE'];
}

/** A trusted extension needs CREATE on the database and the schema. Its owner may have had it when it was created. */
async function lend(client: Client, { schema, owner }: InstalledExtension): Promise<() => Promise<void>> {
  const role = quoteIdentifier(owner);
  const { rows } = await client.query<{ on: string }>(
    `SELECT format('CREATE ON DATABASE %I', current_database()) AS on WHERE NOT has_database_privilege($1, current_database(), 'CREATE')
     UNION ALL SELECT format('%s ON SCHEMA %I', p, $2::text) FROM unnest(ARRAY['CREATE', 'USAGE']) p
       WHERE $2 !~ '^pg_' AND NOT has_schema_privilege($1, $2, p)`,
    [owner, schema],
  );
  for (const { on } of rows) await client.query(`GRANT ${on} TO ${role}`);
  return async () => {
    for (const { on } of rows) await client.query(`REVOKE ${on} FROM ${role}`);
  };
}

async function attempt(
  client: Client,
  statements: readonly string[],
  lent: InstalledExtension | undefined,
): Promise<boolean> {
  await client.query('BEGIN');
  try {
    let takeBack = async () => {};
    for (const statement of statements) {
      if (lent !== undefined && /^SET LOCAL ROLE/.test(statement)) takeBack = await lend(client, lent);
      await client.query(statement);
    }
    await takeBack();
    await client.query('COMMIT');
    return true;
  } catch {
    await client.query('ROLLBACK');
    return false;
  }
}

/** plpgsql is in every new database, where a superuser owns it. */
async function isThere(client: Client, { name, owner, version }: InstalledExtension, versioned: boolean) {
  const { rows } = await client.query<{ same: boolean }>(
    `SELECT (pg_get_userbyid(extowner) = $2 OR EXISTS (SELECT FROM pg_roles WHERE rolname = $2 AND rolsuper))
       AND ($3::text IS NULL OR extversion = $3) AS same FROM pg_extension WHERE extname = $1`,
    [name, owner, versioned ? version : null],
  );
  return rows[0]?.same === true;
}

async function schemasOf(client: Client): Promise<Set<string>> {
  const { rows } = await client.query<{ name: string }>('SELECT nspname AS name FROM pg_namespace');
  return new Set(rows.map(({ name }) => name));
}

async function lookAround(client: Client): Promise<Here> {
  const { rows } = await client.query<{
    here: { user: string; roles: string[]; available: string[]; fixed: string[] };
  }>(
    `SELECT jsonb_build_object('user', current_user,
       'roles', (SELECT jsonb_agg(rolname) FROM pg_roles WHERE pg_has_role(oid, 'MEMBER')),
       'available', (SELECT coalesce(jsonb_agg(name || ' ' || version), '[]') FROM pg_available_extension_versions),
       'fixed', (SELECT coalesce(jsonb_agg(DISTINCT name), '[]') FROM pg_available_extension_versions WHERE schema IS NOT NULL)) AS here`,
  );
  const { user = '', roles = [], available = [], fixed = [] } = rows[0]?.here ?? {};
  return { user, roles: new Set(roles), available: new Set(available), fixed: new Set(fixed) };
}
