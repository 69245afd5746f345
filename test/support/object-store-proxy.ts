/** An HTTP proxy in front of an object store that fails requests on command. The signature stays valid: Host is not changed. */
import { type ClientRequest, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Transform } from 'node:stream';
import type { TestObjectStore } from './object-store.ts';

/**
 * `cut`: the connection ends without an answer. `cutRequest`, `cutAnswer`: after so many bytes of the request or of the
 * answer. `bytesPerSecond`: a slow connection.
 */
export type Fault =
  | 'cut'
  | { status: number; code: string }
  | { cutRequest: number }
  | { cutAnswer: number }
  | { bytesPerSecond: number }
  | undefined;

export interface FaultyStore {
  /** `s3://…` through the proxy. */
  place(prefix: string): string;
  /** Requests since `reset`, as `PUT /bucket/key?query`. */
  readonly seen: string[];
  /** Called for each request with its number, from 1; `after` is called once the server has answered. */
  fault: (number: number, what: string) => Fault | Promise<Fault>;
  after: (number: number) => void;
  /** Called where a connection is cut. */
  onCut: () => void;
  reset(): void;
  close(): Promise<void>;
}

export async function faultyStore(store: TestObjectStore): Promise<FaultyStore> {
  const upstream = new URL(store.endpoint);
  const server = createServer((from, to) => void relay(from, to));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const endpoint = encodeURIComponent(`http://127.0.0.1:${port}`);
  const faulty: FaultyStore = {
    place: (prefix) => `s3://${store.bucket}/${prefix}?endpoint=${endpoint}`,
    seen: [],
    fault: () => undefined,
    after: () => {},
    onCut: () => {},
    reset() {
      faulty.seen.length = 0;
      faulty.fault = () => undefined;
      faulty.after = () => {};
      faulty.onCut = () => {};
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return faulty;

  async function relay(from: IncomingMessage, to: ServerResponse): Promise<void> {
    const number = faulty.seen.push(`${from.method} ${from.url}`);
    const fault = await faulty.fault(number, faulty.seen[number - 1] ?? '');
    const cut = () => {
      faulty.onCut();
      from.socket.destroy();
    };
    if (fault === 'cut') return cut();
    if (fault !== undefined && 'status' in fault) return refuse(from, to, fault);
    const { hostname, port } = upstream;
    const forward: ClientRequest = request(
      { hostname, port, method: from.method, path: from.url, headers: from.headers },
      (answer) => {
        to.writeHead(answer.statusCode ?? 500, answer.headers);
        let left = fault !== undefined && 'cutAnswer' in fault ? fault.cutAnswer : Number.POSITIVE_INFINITY;
        if (left <= 0) {
          answer.resume();
          return cut();
        }
        const through = fault !== undefined && 'bytesPerSecond' in fault ? answer.pipe(slow(fault)) : answer;
        through.on('data', (piece: Buffer) => {
          if (piece.length >= left) cut();
          else to.write(piece);
          left -= piece.length;
        });
        through.on('end', () => {
          to.end();
          faulty.after(number);
        });
      },
    );
    forward.on('error', () => from.socket.destroy());
    if (fault !== undefined && 'cutRequest' in fault) {
      let left = fault.cutRequest;
      from.on('data', (piece: Buffer) => {
        if (left > 0) forward.write(piece.subarray(0, left));
        left -= piece.length;
        if (left > 0) return;
        from.pause();
        cut();
        forward.destroy();
      });
      from.on('end', () => left > 0 && cut());
      return;
    }
    if (fault !== undefined && 'bytesPerSecond' in fault) from.pipe(slow(fault)).pipe(forward);
    else from.pipe(forward);
  }
}

/** Passes bytes on at this rate, in pieces of a tenth of a second. */
function slow({ bytesPerSecond }: { bytesPerSecond: number }): Transform {
  return new Transform({
    highWaterMark: 64 * 1024,
    transform(piece: Buffer, _, done) {
      setTimeout(() => done(null, piece), (piece.length / bytesPerSecond) * 1000);
    },
  });
}

function refuse(from: IncomingMessage, to: ServerResponse, { status, code }: { status: number; code: string }): void {
  from.resume();
  from.on('end', () => {
    to.writeHead(status, { 'content-type': 'application/xml' });
    to.end(
      from.method === 'HEAD' ? '' : `<?xml version="1.0"?><Error><Code>${code}</Code><Message>a test</Message></Error>`,
    );
  });
}
