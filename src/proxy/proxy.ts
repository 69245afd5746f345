/**
 * A server of PostgreSQL's protocol on the loopback interface that leads to one database. Clients log in with a token;
 * the connection to the database is made by `dial`. It may import core/model and `database/port`.
 */
import { randomBytes } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import { isSameSecret } from '../core/model/same-secret.ts';
import { Secret } from '../core/model/secret.ts';
import type { RawSession } from '../database/port.ts';
import {
  ASK_PASSWORD,
  AUTHENTICATED,
  backendKey,
  fatal,
  negotiate,
  parameterStatus,
  READY,
  type ServerMessage,
} from './messages.ts';
import { relay, type SessionObserver, type StatementRefusal } from './relay.ts';
import { PacketReader, readFirstPacket, TlsRequired } from './startup.ts';

export type { ServerMessage } from './messages.ts';
export type { RelayedStatement, SessionObserver, StatementRefusal } from './relay.ts';

export interface ProxyOptions {
  /** The names that clients must use; the database behind `dial` may have another one. */
  user: string;
  database: string;
  /** 0: one that the system chooses. */
  port?: number;
  /** Default: a random one. */
  token?: Secret;
  /** A connection to the database with these parameters of the client. Its errors are passed on to the client. */
  dial(parameters: ReadonlyMap<string, string>): Promise<RawSession>;
  /** Called once for each session. After a statement was refused, every later session is refused too. */
  observe?(): SessionObserver;
}

export interface ProtocolProxy {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** The password of clients. */
  readonly token: Secret;
  /** What has arrived so far. */
  readonly seen: Readonly<Seen>;
  /** Ends all sessions, then stops to listen. Safe to call twice. */
  close(): Promise<void>;
}

interface Seen {
  /** Sessions that were opened. */
  sessions: number;
  /** Sessions that are open. */
  open: number;
  /** Statements that were executed. */
  executed: number;
  /** Why connections were refused, each once. */
  refused: string[];
}

/** Until a client has logged in, in milliseconds. */
const LOGIN_MS = 60_000;

/** Starts to listen. */
export async function startProxy(options: ProxyOptions): Promise<ProtocolProxy> {
  const token = options.token ?? new Secret(randomBytes(24).toString('base64url'));
  const seen: Seen = { sessions: 0, open: 0, executed: 0, refused: [] };
  const sockets = new Set<Socket>();
  /** Sessions by the key that their client got. */
  const keys = new Map<string, RawSession>();
  let refusal: StatementRefusal | undefined;

  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    const timer = setTimeout(() => socket.destroy(), LOGIN_MS);
    serve(socket, () => clearTimeout(timer)).catch((error) => {
      if (error instanceof TlsRequired) refused(error.message);
      socket.destroy();
    });
    socket.on('close', () => clearTimeout(timer));
  });

  const refused = (message: string) => {
    if (!seen.refused.includes(message)) seen.refused.push(message);
  };

  const serve = async (socket: Socket, loggedIn: () => void) => {
    const input = new PacketReader(socket);
    const first = await readFirstPacket(input, socket);
    if (first.kind === 'cancel') {
      await keys.get(keyOf(first.processId, first.key))?.cancel();
      socket.end();
      return;
    }
    const { parameters, minor } = first;
    const extensions = [...parameters.keys()].filter((name) => name.startsWith('_pq_.'));
    if (minor > 0 || extensions.length > 0) socket.write(negotiate(extensions));
    socket.write(ASK_PASSWORD);
    const problem = (await refusedLogin(input, options, parameters, token)) ?? refusal;
    if (problem !== undefined) {
      refused(problem.message);
      socket.end(fatal(problem));
      return;
    }
    loggedIn();
    let session: RawSession;
    try {
      session = await options.dial(sessionParameters(parameters));
    } catch (error) {
      socket.end(fatal(asMessage(error)));
      return;
    }
    if (socket.destroyed) {
      session.stream.destroy();
      return;
    }
    const { processId } = session;
    const key = randomBytes(4);
    const observer = options.observe?.();
    keys.set(keyOf(processId, key), session);
    seen.sessions += 1;
    seen.open += 1;
    try {
      socket.write(
        Buffer.concat([
          AUTHENTICATED,
          ...[...session.parameters].map(([name, value]) => parameterStatus(name, value)),
          backendKey(processId, key),
          READY,
        ]),
      );
      await relay(socket, session.stream, input.release(), {
        ...observer,
        async onStatement(statement) {
          refusal ??= await observer?.onStatement(statement);
          return refusal;
        },
        onExecute: () => {
          seen.executed += 1;
        },
      });
    } finally {
      seen.open -= 1;
      keys.delete(keyOf(processId, key));
      session.stream.destroy();
    }
  };

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port: options.port ?? 0, host: '127.0.0.1' }, resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const closed = new Promise<void>((resolve) => server.once('close', () => resolve()));
  return {
    host: '127.0.0.1',
    port,
    token,
    seen,
    async close() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** Why the client may not log in. Its password is read in any case. */
async function refusedLogin(
  input: PacketReader,
  { user, database }: ProxyOptions,
  parameters: ReadonlyMap<string, string>,
  token: Secret,
): Promise<StatementRefusal | undefined> {
  const header = await input.read(5);
  const length = header.readUInt32BE(1);
  if (String.fromCharCode(header[0] ?? 0) !== 'p' || length > 4_096) throw new Error('no password was sent');
  const password = (await input.read(length - 4)).toString('utf8').replace(/\0$/, '');
  const askedUser = parameters.get('user') ?? '';
  const asked = parameters.get('database') ?? askedUser;
  if (asked !== database) {
    const message = `the command asked for the database "${asked}", but this run uses "${database}"`;
    return { code: '3D000', message };
  }
  if (!/^(?:|0|f|fa|fal|fals|false|no?|off?)$/i.test(parameters.get('replication') ?? '')) {
    const message = 'the command asked for a replication connection, which db-manager does not relay';
    return { code: '0A000', message };
  }
  if (askedUser !== user || !isSameSecret(password, token.reveal())) {
    const message = `the command logged in as "${askedUser}" without the password of this run; it must use the URL that it was given`;
    return { code: '28P01', message };
  }
  return undefined;
}

/** Without those that the connection itself has. */
function sessionParameters(parameters: ReadonlyMap<string, string>): Map<string, string> {
  const ours = new Set(['user', 'database', 'replication']);
  return new Map([...parameters].filter(([name]) => !ours.has(name) && !name.startsWith('_pq_.')));
}

function keyOf(processId: number, key: Buffer): string {
  return `${processId} ${key.toString('hex')}`;
}

/** The message of the server, if it is known; an error with a reason has it as its cause. */
function asMessage(error: unknown): Omit<ServerMessage, 'severity'> {
  for (let each = error; each instanceof Error; each = each.cause) {
    const { code } = each as { code?: unknown };
    if (typeof code === 'string' && /^(?=.*\d)[0-9A-Z]{5}$/.test(code)) return { code, message: each.message };
  }
  return { code: '08006', message: error instanceof Error ? error.message : 'the database cannot be reached' };
}
