/** An HTTP proxy in front of an object store that fails requests on command. The signature stays valid: Host is not changed. */
import { type ClientRequest, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestObjectStore } from './object-store.ts';

/** `cut`: the connection ends without an answer. `cutAnswer`: after so many bytes of the answer. */
export type Fault = 'cut' | { status: number; code: string } | { cutAnswer: number } | undefined;

export interface FaultyStore {
  /** `s3://…` through the proxy. */
  place(prefix: string): string;
  /** Requests since `reset`, as `PUT /bucket/key?query`. */
  readonly seen: string[];
  /** Called for each request with its number, from 1; `after` is called once the server has answered. */
  fault: (number: number, what: string) => Fault | Promise<Fault>;
  after: (number: number) => void;
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
    reset() {
      faulty.seen.length = 0;
      faulty.fault = () => undefined;
      faulty.after = () => {};
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
    if (fault === 'cut') return void from.socket.destroy();
    if (fault !== undefined && 'status' in fault) return refuse(from, to, fault);
    const { hostname, port } = upstream;
    const forward: ClientRequest = request(
      { hostname, port, method: from.method, path: from.url, headers: from.headers },
      (answer) => {
        to.writeHead(answer.statusCode ?? 500, answer.headers);
        let left = fault === undefined ? Number.POSITIVE_INFINITY : fault.cutAnswer;
        answer.on('data', (piece: Buffer) => {
          if (piece.length >= left) from.socket.destroy();
          else to.write(piece);
          left -= piece.length;
        });
        answer.on('end', () => {
          to.end();
          faulty.after(number);
        });
      },
    );
    forward.on('error', () => from.socket.destroy());
    from.pipe(forward);
  }
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
