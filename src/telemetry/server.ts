import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { bearerToken } from '../core/model/bearer-token.ts';

interface ProbeServerOptions {
  /** 0 selects a free port. */
  port: number;
  /** Why the process should be restarted, or undefined if it is healthy. */
  unwell(): string | undefined;
  /** Why it is not ready, or undefined if it is. */
  unready(): string | undefined;
  metrics(): Promise<{ contentType: string; text: string }>;
  /** Decides by the bearer token who may read /metrics; absent: everyone. The probes are always open. */
  authorize?(token: string | undefined): Promise<'allowed' | 'unauthenticated' | 'forbidden'>;
  /** PEM files of a certificate: the server then uses HTTPS. A replaced certificate is read within a minute. */
  tls?: TlsFiles;
}

export interface TlsFiles {
  certFile: string;
  keyFile: string;
}

interface ProbeServer {
  port: number;
  close(): Promise<void>;
}

const CERTIFICATE_CHECK_MS = 60_000;

/** Serves /healthz, /readyz and /metrics on all addresses, over HTTP or HTTPS, as the kubelet and Prometheus expect. */
export async function startProbeServer(options: ProbeServerOptions): Promise<ProbeServer> {
  const handle = (request: IncomingMessage, response: ServerResponse) => void answer(request, response, options);
  const { tls } = options;
  const server = tls === undefined ? createServer(handle) : createTlsServer(read(tls), handle);
  const timer = tls === undefined ? undefined : setInterval(renew(server as TlsServer, tls), CERTIFICATE_CHECK_MS);
  timer?.unref();
  server.listen(options.port);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    close: () => {
      clearInterval(timer);
      return close(server);
    },
  };
}

function read({ certFile, keyFile }: TlsFiles): { cert: Buffer; key: Buffer } {
  return { cert: readFileSync(certFile), key: readFileSync(keyFile) };
}

function renew(server: TlsServer, tls: TlsFiles): () => void {
  const changedAt = () => statSync(tls.certFile).mtimeMs;
  let seen = changedAt();
  return () => {
    try {
      if (changedAt() === seen) return;
      server.setSecureContext(read(tls));
      seen = changedAt();
    } catch {
      // The files are being replaced; the next check reads them.
    }
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, options: ProbeServerOptions): Promise<void> {
  switch ((request.url ?? '').split('?')[0]) {
    case '/healthz':
      return probe(response, options.unwell());
    case '/readyz':
      return probe(response, options.unready());
    case '/metrics':
      try {
        if (!(await mayRead(request, response, options))) return;
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

/** Answers the request itself if not. */
async function mayRead(
  { headers }: IncomingMessage,
  response: ServerResponse,
  { authorize }: ProbeServerOptions,
): Promise<boolean> {
  if (authorize === undefined) return true;
  const access = await authorize(bearerToken(headers.authorization)).catch(() => 'unavailable' as const);
  switch (access) {
    case 'allowed':
      return true;
    case 'unauthenticated':
      response.writeHead(401, { 'www-authenticate': 'Bearer' }).end('a valid bearer token is required\n');
      return false;
    case 'forbidden':
      response.writeHead(403).end('the user of the token may not get the non-resource URL /metrics\n');
      return false;
    case 'unavailable':
      response.writeHead(503).end('the API server could not be asked who the user of the token is\n');
      return false;
  }
}

function probe(response: ServerResponse, wrong: string | undefined): void {
  response.writeHead(wrong === undefined ? 200 : 503, { 'content-type': 'text/plain' }).end(`${wrong ?? 'ok'}\n`);
}

async function close(server: Server | TlsServer): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
