/**
 * A front of a real PostgreSQL server that logs clients in as RDS does: TLS only, and the password is a token that was
 * signed with Signature Version 4. The signature is computed here, not by the client's library.
 */
import { createHash, createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { clientConfig } from '../../src/database/postgres/driver.ts';
import { dial } from '../../src/database/postgres/raw-session.ts';
import { ASK_PASSWORD, AUTHENTICATED, backendKey, fatal, parameterStatus, READY } from '../../src/proxy/messages.ts';
import { PacketReader, readFirstPacket } from '../../src/proxy/startup.ts';
import { targetOf } from '../backups/fixtures.ts';
import type { Certificate } from './certificates.ts';

export interface RdsFront {
  port: number;
  /** Tokens that were signed before are refused, as RDS does with those of 15 minutes ago. */
  notBefore: number;
  /** The tokens that were accepted. */
  accepted: string[];
  /** Why clients were refused. */
  refused: string[];
  close(): Promise<void>;
}

interface FrontOptions {
  /** URL of a superuser of the server, without a database. */
  upstream: string;
  certificate: Certificate;
  accessKey: string;
  secretKey: string;
  region: string;
}

export async function startRdsFront({ upstream, certificate, ...keys }: FrontOptions): Promise<RdsFront> {
  const sockets = new Set<Socket>();
  const front: RdsFront = { port: 0, notBefore: 0, accepted: [], refused: [], close };
  const tls = { cert: readFileSync(certificate.certFile), key: readFileSync(certificate.keyFile), isServer: true };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('data', (request: Buffer) => {
      if (request.readUInt32BE(4) !== 80_877_103) return socket.end(fatal({ code: '28000', message: 'no TLS' }));
      socket.write('S');
      const secure = new TLSSocket(socket, tls);
      secure.on('error', () => socket.destroy());
      serve(secure).catch(() => socket.destroy());
    });
  });

  async function serve(socket: TLSSocket): Promise<void> {
    const input = new PacketReader(socket);
    const first = await readFirstPacket(input, socket);
    if (first.kind === 'cancel') return void socket.end();
    const { parameters } = first;
    const user = parameters.get('user') ?? '';
    socket.write(ASK_PASSWORD);
    const header = await input.read(5);
    const password = (await input.read(header.readUInt32BE(1) - 4)).toString('utf8').replace(/\0$/, '');
    const wrong = wrongToken(password, user, front, keys);
    if (wrong !== undefined) {
      front.refused.push(wrong);
      socket.end(fatal({ code: '28P01', message: `PAM authentication failed for user "${user}"` }));
      return;
    }
    front.accepted.push(password);
    const target = { ...targetOf(upstream), database: parameters.get('database') ?? user, user };
    if (target.dialect !== 'postgres') throw new Error('not a server');
    const config = clientConfig(target, { applicationName: 'front', connectMs: 10_000, ssl: false });
    const timeouts = { connect: 0, lock: 0, statement: 0, run: 0 };
    const wanted = new Map([...parameters].filter(([name]) => name !== 'user' && name !== 'database'));
    const session = await dial(config, target, wanted, { applicationName: '', timeouts });
    const status = [...session.parameters].map(([name, value]) => parameterStatus(name, value));
    socket.write(Buffer.concat([AUTHENTICATED, ...status, backendKey(session.processId, Buffer.alloc(4)), READY]));
    session.stream.write(input.release());
    session.stream.pipe(socket).pipe(session.stream);
    socket.on('close', () => session.stream.destroy());
  }

  async function close(): Promise<void> {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  front.port = (server.address() as { port: number }).port;
  return front;
}

/** Why the token is wrong: a URL without scheme whose query is signed (Signature Version 4, service rds-db). */
function wrongToken(
  token: string,
  user: string,
  { port, notBefore }: RdsFront,
  { accessKey, secretKey, region }: Omit<FrontOptions, 'upstream' | 'certificate'>,
): string | undefined {
  const [host, query = ''] = token.split('/?');
  if (host !== `127.0.0.1:${port}`) return `the host is ${host}`;
  const parameters = new URLSearchParams(query);
  const { 'X-Amz-Date': at = '', 'X-Amz-Credential': credential = '', ...rest } = Object.fromEntries(parameters);
  if (rest.Action !== 'connect' || rest.DBUser !== user) return `it is for ${rest.DBUser}`;
  const time = Date.parse(at.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  if (!(time >= notBefore && Date.now() - time < 900_000)) return 'it has expired';
  const scope = `${at.slice(0, 8)}/${region}/rds-db/aws4_request`;
  if (credential !== `${accessKey}/${scope}`) return `the credential is ${credential}`;
  const signed = query
    .split('&')
    .filter((part) => !part.startsWith('X-Amz-Signature='))
    .sort()
    .join('&');
  const nothing = createHash('sha256').update('').digest('hex');
  const request = `GET\n/\n${signed}\nhost:${host}\n\nhost\n${nothing}`;
  const text = `AWS4-HMAC-SHA256\n${at}\n${scope}\n${createHash('sha256').update(request).digest('hex')}`;
  const hmac = (key: string | Buffer, data: string) => createHmac('sha256', key).update(data).digest();
  const key = scope.split('/').reduce<string | Buffer>((before, part) => hmac(before, part), `AWS4${secretKey}`);
  return hmac(key, text).toString('hex') === rest['X-Amz-Signature'] ? undefined : 'the signature is wrong';
}
