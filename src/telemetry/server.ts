import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ProbeServerOptions {
  /** 0 selects a free port. */
  port: number;
  /** Why the process should be restarted, or undefined if it is healthy. */
  unwell(): string | undefined;
  /** Why it is not ready, or undefined if it is. */
  unready(): string | undefined;
  metrics(): Promise<{ contentType: string; text: string }>;
}

export interface ProbeServer {
  port: number;
  close(): Promise<void>;
}

/** Serves /healthz, /readyz and /metrics over plain HTTP on all addresses, as the kubelet and Prometheus expect. */
export async function startProbeServer(options: ProbeServerOptions): Promise<ProbeServer> {
  const server = createServer((request, response) => {
    void answer(request.url ?? '', response, options);
  });
  server.listen(options.port);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { port, close: () => close(server) };
}

async function answer(url: string, response: ServerResponse, options: ProbeServerOptions): Promise<void> {
  switch (url.split('?')[0]) {
    case '/healthz':
      return probe(response, options.unwell());
    case '/readyz':
      return probe(response, options.unready());
    case '/metrics':
      try {
        const { contentType, text } = await options.metrics();
        response.writeHead(200, { 'content-type': contentType }).end(text);
      } catch (error) {
        response.writeHead(500).end(`${error}\n`);
      }
      return;
    default:
      response.writeHead(404).end('available paths: /healthz, /readyz and /metrics\n');
  }
}

function probe(response: ServerResponse, wrong: string | undefined): void {
  response.writeHead(wrong === undefined ? 200 : 503, { 'content-type': 'text/plain' }).end(`${wrong ?? 'ok'}\n`);
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
