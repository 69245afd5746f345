import type { Sequelize } from 'sequelize';
import type { DatabaseIdentity } from '../../core/model/backup.ts';
import { displayTarget } from '../../core/model/database-url.ts';
import type { PostgresTarget } from '../../core/model/target.ts';
import type { DialOptions, OpenOptions, RawSession } from '../port.ts';
import { lazySequelize } from '../sequelize.ts';
import { connectWithRetry } from './connect-with-retry.ts';
import { type Client, clientConfig, openClient } from './driver.ts';
import { serverError } from './errors.ts';
import { withCurrentLogin } from './login.ts';
import { dial } from './raw-session.ts';
import { pgFor } from './sequelize-module.ts';
import { applyOwnSettings } from './settings.ts';

export interface PostgresConnection {
  target: PostgresTarget;
  readonly sequelize: Sequelize;
  closeSequelize(): Promise<void>;
  /** For our own queries; migrations and the lock have connections of their own. */
  client: Client;
  identity: DatabaseIdentity;
  /** As `server_version_num`: 150018. */
  version: number;
  /** Another connection like this one, for our own queries too, or to another database of the server. */
  another(applicationName: string, database?: string): Promise<Client>;
  /**
   * A connection for migrations: with the settings that the database and the role have, and those of `startup` if the
   * server accepts them in the startup message.
   */
  migrating(applicationName: string, startup: string): Promise<Client>;
  /** A connection that is passed on to another program. */
  dial(parameters: ReadonlyMap<string, string>, options: DialOptions): Promise<RawSession>;
  /** Closes all connections to the database, so that it can be renamed. */
  release(): Promise<void>;
  /** Connects again after `release`. */
  renew(): Promise<void>;
}

/** A pooler that does not pass options on, and a server that does not have one of the settings, or rejects its value. */
const REFUSED_AT_START = ['08P01', '0A000', '22023', '42704'];

/** Throws ProblemError: DatabaseUnreachable, AuthenticationFailed, DatabaseNotFound, PermissionDenied. */
export async function connect(wanted: PostgresTarget, options: OpenOptions): Promise<PostgresConnection> {
  const { client, ssl, target } = await connectWithRetry(wanted, options);
  const known = (applicationName: string, database?: string, login = target) =>
    clientConfig(login, { applicationName, connectMs: options.timeouts.connect, ssl, database });
  /** With the login of now. */
  const configuration = async (applicationName: string, database?: string) =>
    known(applicationName, database, await withCurrentLogin(target));
  const sequelize = lazySequelize({
    database: target.database,
    username: target.user,
    dialect: 'postgres',
    // It connects as we do: TLS, addresses and authentication in one place.
    dialectModule: pgFor(() => known(options.applicationName), target),
    logging: false,
    retry: { max: 1 },
    schema: target.schemas[0] === 'public' ? undefined : target.schemas[0],
    pool: { max: 3, idle: 10_000 },
  });
  const { rows } = await client.query<{ number: string; version: string; oid: string }>(
    "SELECT current_setting('server_version_num') AS number, current_setting('server_version') AS version, oid::text FROM pg_database WHERE datname = current_database()",
  );
  const [row] = rows;
  const identity: DatabaseIdentity = {
    dialect: 'postgres',
    display: displayTarget(target),
    id: `${await systemIdentifier(client, target)}/${target.database}`,
    serverVersion: `PostgreSQL ${row?.version ?? ''}`,
  };
  const open: PostgresConnection = {
    target,
    get sequelize() {
      return sequelize.get();
    },
    closeSequelize: sequelize.close,
    client,
    identity,
    version: Number(row?.number),
    async another(applicationName, database) {
      const another = await openClient(await configuration(applicationName, database), target);
      await applyOwnSettings(another);
      return another;
    },
    async migrating(applicationName, startup) {
      const config = await configuration(applicationName);
      const options = [target.options, startup].filter(Boolean).join(' ');
      try {
        return await openClient({ ...config, options }, target);
      } catch (error) {
        if (!REFUSED_AT_START.includes(serverError(error)?.code ?? '')) throw error;
        return openClient(config, target);
      }
    },
    dial: async (parameters, wanted) => {
      const login = await withCurrentLogin(target);
      return dial(known(wanted.applicationName, undefined, login), login, parameters, wanted);
    },
    async release() {
      await sequelize.close();
      await open.client.end();
    },
    async renew() {
      open.client = await openClient(await configuration(options.applicationName), target);
      await applyOwnSettings(open.client);
    },
  };
  return open;
}

/** pg_control_system() needs a privilege that hosted databases do not always grant; the address is the alternative. */
async function systemIdentifier(client: Client, target: PostgresTarget): Promise<string> {
  try {
    const { rows } = await client.query<{ id: string }>(
      'SELECT system_identifier::text AS id FROM pg_control_system()',
    );
    return rows[0]?.id ?? `${target.host}:${target.port}`;
  } catch {
    return `${target.host}:${target.port}`;
  }
}
