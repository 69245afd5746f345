/** The packets before authentication, which have no type byte (PostgreSQL manual, 54.7). */
import type { Socket } from 'node:net';

const SSL_REQUEST = 80_877_103;
const GSS_REQUEST = 80_877_104;
const CANCEL_REQUEST = 80_877_102;
/** PostgreSQL's own limit for a startup packet. */
const LONGEST = 10_000;

/** The client requested TLS, and closed the connection because the proxy has none. */
export class TlsRequired extends Error {
  constructor() {
    super(
      'the command requires TLS, which is not needed on the loopback interface and not available there: set sslmode=disable for it',
    );
  }
}

type FirstPacket =
  | { kind: 'startup'; minor: number; parameters: Map<string, string> }
  | { kind: 'cancel'; processId: number; key: Buffer };

/**
 * Reads until the startup or cancel packet. Requests for encryption are answered with no: the connection does not leave
 * this machine. Throws if it is not a client of PostgreSQL.
 */
export async function readFirstPacket(input: PacketReader, socket: Pick<Socket, 'write'>): Promise<FirstPacket> {
  let tls = false;
  for (let requests = 0; requests < 3; requests += 1) {
    const first = await input.read(4).catch((error) => {
      throw tls ? new TlsRequired() : error;
    });
    const length = first.readUInt32BE(0);
    if (length < 8 || length > LONGEST) throw new Error('the first packet is not one of PostgreSQL');
    const body = await input.read(length - 4);
    const code = body.readUInt32BE(0);
    if (code === SSL_REQUEST || code === GSS_REQUEST) {
      socket.write('N');
      tls ||= code === SSL_REQUEST;
      continue;
    }
    if (code === CANCEL_REQUEST) {
      return { kind: 'cancel', processId: body.readInt32BE(4), key: Buffer.from(body.subarray(8)) };
    }
    if (code >>> 16 !== 3) throw new Error(`the client uses version ${code >>> 16} of the protocol`);
    return { kind: 'startup', minor: code & 0xffff, parameters: readParameters(body.subarray(4)) };
  }
  throw new Error('the client did not start a session');
}

function readParameters(bytes: Buffer): Map<string, string> {
  const texts = bytes.toString('utf8').split('\0');
  const found = new Map<string, string>();
  for (let index = 0; index + 1 < texts.length && texts[index] !== ''; index += 2) {
    found.set(texts[index] ?? '', texts[index + 1] ?? '');
  }
  return found;
}

/** Reads exact numbers of bytes from a socket. `release` returns what was read too far; the socket is then paused. */
export class PacketReader {
  readonly #socket: Socket;
  #bytes = Buffer.alloc(0);
  #waiting: (() => void) | undefined;
  #ended: Error | undefined;
  readonly #onData = (chunk: Buffer) => {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    // A client that floods the connection before it is authenticated is not read further.
    if (this.#bytes.length > 2 * LONGEST) this.#socket.pause();
    this.#waiting?.();
  };
  readonly #onEnd = () => {
    this.#ended = new Error('the client closed the connection');
    this.#waiting?.();
  };

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', this.#onData);
    socket.on('close', this.#onEnd);
    socket.on('end', this.#onEnd);
  }

  async read(length: number): Promise<Buffer> {
    while (this.#bytes.length < length) {
      if (this.#ended !== undefined) throw this.#ended;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting = resolve;
      this.#socket.resume();
      await promise;
    }
    const taken = this.#bytes.subarray(0, length);
    this.#bytes = this.#bytes.subarray(length);
    return taken;
  }

  release(): Buffer {
    this.#socket.pause();
    this.#socket.off('data', this.#onData);
    this.#socket.off('close', this.#onEnd);
    this.#socket.off('end', this.#onEnd);
    return this.#bytes;
  }
}
