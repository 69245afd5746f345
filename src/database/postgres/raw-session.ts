/** Connections that are relayed to another program: node-postgres authenticates, then its socket is taken over. */
import type { Socket } from 'node:net';
import pg, { type ClientConfig } from 'pg';
import type { PostgresTarget } from '../../core/model/target.ts';
import type { DialOptions, RawSession } from '../port.ts';
import { guardAuthentication } from './authentication.ts';
import { connectProblem, serverError } from './errors.ts';

/** What node-postgres has and its types do not. */
interface Internal {
  connection: Wire;
  processID: number | null;
  secretKey: number | null;
}

interface Wire extends NodeJS.EventEmitter {
  stream: Socket;
  ssl: unknown;
  startup(parameters: unknown): void;
  connect(port: number | string, host?: string): void;
  requestSsl(): void;
  cancel(processId: number, key: number): void;
}

/** Opens a session with the parameters of the program, and with our limits for those that it does not set. */
export async function dial(
  config: ClientConfig,
  target: PostgresTarget,
  wanted: ReadonlyMap<string, string>,
  options: DialOptions,
): Promise<RawSession> {
  const ours = ownParameters(wanted, target, options);
  try {
    return await open(config, target, new Map([...wanted, ...ours]));
  } catch (error) {
    // PgBouncer refuses parameters that it does not know. They are then set by a statement.
    if (serverError(error)?.code !== '08P01') throw readable(error, target);
    const settings = [...ours].filter(([name]) => name !== 'application_name' && name !== 'options');
    const first = settings.map(([name, value]) => `SET ${name} = ${pg.escapeLiteral(value)}`).join('; ');
    return open(config, target, new Map([...wanted, ['application_name', ours.get('application_name') ?? '']]), first);
  }
}

function ownParameters(
  wanted: ReadonlyMap<string, string>,
  { options: fromUrl, searchPath }: PostgresTarget,
  { applicationName, timeouts }: DialOptions,
): Map<string, string> {
  const options = [fromUrl, wanted.get('options')].filter(Boolean).join(' ');
  const asked = (name: string) => wanted.has(name) || options.includes(name);
  const theirs = wanted.get('application_name');
  return new Map([
    ['application_name', (theirs ? `${applicationName} (${theirs})` : applicationName).slice(0, 63)],
    ...(options === '' ? [] : [['options', options] as const]),
    ...(asked('lock_timeout') ? [] : [['lock_timeout', String(timeouts.lock)] as const]),
    ...(asked('statement_timeout') || timeouts.statement === 0
      ? []
      : [['statement_timeout', String(timeouts.statement)] as const]),
    ...(asked('search_path') || searchPath === undefined
      ? []
      : [['search_path', searchPath.map((name) => pg.escapeIdentifier(name)).join(', ')] as const]),
  ]);
}

async function open(
  config: ClientConfig,
  target: PostgresTarget,
  parameters: ReadonlyMap<string, string>,
  first?: string,
): Promise<RawSession> {
  const client = new pg.Client(config);
  client.on('error', () => {});
  const { connection } = client as unknown as Internal;
  const status = new Map<string, string>();
  connection.on('parameterStatus', (message: { parameterName: string; parameterValue: string }) => {
    status.set(message.parameterName, message.parameterValue);
  });
  connection.startup = () =>
    void connection.stream.write(
      startupPacket(new Map([['user', target.user], ['database', config.database ?? ''], ...parameters])),
    );
  const check = guardAuthentication(client, target);
  try {
    await client.connect();
    check();
    if (first !== undefined) await client.query(first);
  } catch (error) {
    await client.end().catch(() => {});
    throw error;
  }
  const { processID, secretKey } = client as unknown as Internal;
  const { stream } = connection;
  takeOver(connection);
  return {
    stream,
    parameters: status,
    processId: processID ?? 0,
    cancel: () => cancel(config, processID ?? 0, secretKey ?? 0),
  };
}

/** The socket without the listeners of node-postgres; after ReadyForQuery the server sends nothing unasked. */
function takeOver({ stream }: Wire): void {
  stream.pause();
  for (const event of ['data', 'end', 'close', 'error']) stream.removeAllListeners(event);
  stream.on('error', () => {});
}

/** Over a separate connection (PostgreSQL manual, 54.2.8). */
async function cancel(config: ClientConfig, processId: number, key: number): Promise<void> {
  const { host = '', port = 5432, ssl } = config;
  const Connection = pg.Connection as unknown as new (options: object) => Wire;
  const connection = new Connection({
    ...config,
    sslNegotiation: (config as { sslnegotiation?: string }).sslnegotiation,
  });
  const ended = new Promise<void>((resolve) => {
    connection.on('end', resolve);
    connection.on('error', () => resolve());
  });
  const direct = (config as { sslnegotiation?: string }).sslnegotiation === 'direct';
  connection.on('connect', () => {
    if (!ssl) connection.cancel(processId, key);
    else if (!direct) connection.requestSsl();
  });
  connection.on('sslconnect', () => connection.cancel(processId, key));
  if (host.startsWith('/')) connection.connect(`${host}/.s.PGSQL.${port}`);
  else connection.connect(port, host);
  await ended;
  connection.stream.destroy();
}

function startupPacket(parameters: ReadonlyMap<string, string>): Buffer {
  const texts = [...parameters].map(([name, value]) => `${name}\0${value}\0`).join('');
  const body = Buffer.from(`${texts}\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(body.length + 8);
  head.writeInt32BE(3 << 16, 4);
  return Buffer.concat([head, body]);
}

/** An error of the network with our message; the server's own error as it is. */
function readable(error: unknown, target: PostgresTarget): unknown {
  const { code } = serverError(error) ?? {};
  if (code !== undefined && /^(?=.*\d)[0-9A-Z]{5}$/.test(code)) return error;
  return new Error(connectProblem(error, target).problem.message, { cause: error });
}
