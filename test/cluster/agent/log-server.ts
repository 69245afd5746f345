import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { Authority } from '../../support/certificates.ts';
import type { ContainerLog, LogQuery } from './container-log.ts';

/** The log of a container, or the sentence with which the kubelet refuses. */
export type FindLog = (
  pod: { namespace: string; name: string },
  container: string,
  previous: boolean,
) => ContainerLog | { status: 400 | 404; message: string };

export interface LogServer {
  port: number;
  close(): Promise<void>;
}

/**
 * The part of the kubelet's HTTPS endpoint that `kubectl logs` ends at: the API server forwards
 * `/containerLogs/<namespace>/<pod>/<container>` to the node. Only the API server's certificate is let in.
 */
export async function startLogServer(authority: Authority, node: string, findLog: FindLog): Promise<LogServer> {
  const { certFile, keyFile } = await authority.issue({
    name: `kubelet-${node}`,
    commonName: `system:node:${node}`,
    organisations: ['system:nodes'],
    hosts: ['127.0.0.1', node],
  });
  const [ca, cert, key] = await Promise.all([authority.certFile, certFile, keyFile].map((file) => readFile(file)));
  const closing = new AbortController();
  const server = createServer({ ca, cert, key, requestCert: true, rejectUnauthorized: true }, (request, response) => {
    const url = new URL(request.url ?? '/', 'https://node');
    const [, namespace, name, container] = /^\/containerLogs\/([^/]+)\/([^/]+)\/([^/]+)$/.exec(url.pathname) ?? [];
    if (!namespace || !name || !container)
      return refuse(response, 404, `the test agent does not serve ${url.pathname}`);
    const log = findLog({ namespace, name }, container, url.searchParams.get('previous') === 'true');
    if ('status' in log) return refuse(response, log.status, log.message);
    const closed = new AbortController();
    response.on('close', () => closed.abort());
    void send(response, log, queryOf(url.searchParams), AbortSignal.any([closed.signal, closing.signal]));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  server.unref();
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the log server has no port');
  return {
    port: address.port,
    async close() {
      closing.abort();
      server.close();
      server.closeAllConnections();
    },
  };
}

function refuse(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'content-type': 'text/plain' }).end(message);
}

async function send(response: ServerResponse, log: ContainerLog, query: LogQuery, signal: AbortSignal): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/plain' });
  response.flushHeaders();
  for await (const text of log.read(query, signal)) {
    if (signal.aborted) break;
    // The signal aborts when the response is closed.
    if (!response.write(text)) await once(response, 'drain', { signal }).catch(() => {});
  }
  response.end();
}

function queryOf(parameters: URLSearchParams): LogQuery {
  const number = (name: string): number | undefined => {
    const value = parameters.get(name);
    return value === null ? undefined : Number(value);
  };
  const seconds = number('sinceSeconds');
  const time = parameters.get('sinceTime');
  return {
    follow: parameters.get('follow') === 'true',
    timestamps: parameters.get('timestamps') === 'true',
    tailLines: number('tailLines'),
    limitBytes: number('limitBytes'),
    since: time ? Date.parse(time) : seconds === undefined ? undefined : Date.now() - seconds * 1000,
  };
}
