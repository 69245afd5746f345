/**
 * The part of the controller that talks to the cluster: it watches, collects the input of `core/reconcile`, and
 * executes its decisions. It may import core/model, core/reconcile and @kubernetes/client-node.
 *
 * All requests to the API server go through this file. client-node reads the kubeconfig, certificates, tokens and exec
 * plugins. The requests are sent here, because its typed client cannot list in pages without copying every object,
 * request metadata only, or be aborted during a response (details in docs/decisions).
 */
import http from 'node:http';
import https from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import { ApiError, CredentialsError, errorFrom } from './api-error.ts';

type Verb = 'get' | 'list' | 'watch' | 'create' | 'patch' | 'delete' | 'update';

export interface ApiRequest {
  verb: Verb;
  /** With every name encoded, for example `/api/v1/namespaces/x/pods/y/log`. */
  path: string;
  query?: Record<string, string | number | boolean | undefined>;
  body?: unknown;
  contentType?: string;
  accept?: string;
  /** Until the response is complete; for a stream, until it starts. Default 15 s. */
  timeoutMs?: number;
  signal?: AbortSignal;
  /** Called immediately before the request is sent; an error that it throws is passed on. */
  guard?(): void;
}

export interface Api {
  /** The response body as JSON. Throws `ApiError` if the server refuses, any other error if it cannot be reached. */
  request<T>(request: ApiRequest): Promise<T>;
  /** The response as a stream; the caller ends it with its signal. */
  stream(request: ApiRequest): Promise<http.IncomingMessage>;
}

/** Called for every request, for metrics; `code` is 0 if there was no response. */
type OnRequest = (verb: Verb, resource: string, code: number) => void;

const METHODS = {
  get: 'GET',
  list: 'GET',
  watch: 'GET',
  create: 'POST',
  patch: 'PATCH',
  update: 'PUT',
  delete: 'DELETE',
} as const satisfies Record<Verb, string>;

const CREDENTIALS_MS = 10_000;
const TIMEOUT_MS = 15_000;

/** `reload` reads the configuration again if the API server returns 401: its token or certificate was replaced. */
export function createApi(given: KubeConfig, onRequest: OnRequest = () => {}, reload?: () => KubeConfig): Api {
  let config = given;
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error('the kubeconfig has no current cluster');
  const server = new URL(cluster.server);
  const library = server.protocol === 'http:' ? http : https;
  const agents = new Map<boolean, http.Agent>();
  let credentials: { options: https.RequestOptions; until: number } | undefined;

  /** Tokens are short-lived and are read again; a plugin runs at most every ten seconds. */
  async function authenticated(): Promise<https.RequestOptions> {
    if (credentials !== undefined && credentials.until > performance.now()) return credentials.options;
    const options: https.RequestOptions = { headers: {} };
    await config.applyToHTTPSOptions(options).catch((error: unknown) => {
      throw new CredentialsError(error);
    });
    if (cluster?.proxyUrl === undefined) options.agent = undefined;
    credentials = { options, until: performance.now() + CREDENTIALS_MS };
    return options;
  }

  function renew(): void {
    credentials = undefined;
    if (reload === undefined) return;
    try {
      config = reload();
      // The agents hold the previous certificates; requests in progress on them continue.
      agents.clear();
    } catch {
      // The file is being written: the next 401 reads it again.
    }
  }

  /** Streams use separate connections, so that many followed logs never delay a write. */
  function agentFor(options: https.RequestOptions, streaming: boolean): http.Agent {
    if (options.agent instanceof http.Agent) return options.agent;
    const known = agents.get(streaming);
    if (known !== undefined) return known;
    const { ca, cert, key, rejectUnauthorized, servername, pfx, passphrase } = options;
    const pool = streaming ? { keepAlive: false } : { keepAlive: true, maxSockets: 32 };
    const tls = { ca, cert, key, pfx, passphrase, ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }) };
    const agent =
      library === http
        ? new http.Agent(pool)
        : new https.Agent({ ...pool, ...tls, ...(servername ? { servername } : {}) });
    agents.set(streaming, agent);
    return agent;
  }

  async function open(request: ApiRequest, streaming: boolean): Promise<http.IncomingMessage> {
    const options = await authenticated();
    const url = new URL(`${server.pathname.replace(/\/$/, '')}${request.path}`, server);
    for (const [name, value] of Object.entries(request.query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const body = request.body === undefined ? undefined : JSON.stringify(request.body);
    request.guard?.();
    const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
      const sent = library.request(url, {
        method: METHODS[request.verb],
        agent: agentFor(options, streaming),
        auth: options.auth,
        signal: request.signal,
        headers: {
          ...options.headers,
          accept: request.accept ?? 'application/json',
          'user-agent': 'db-manager',
          ...(body === undefined ? {} : { 'content-type': request.contentType ?? 'application/json' }),
          ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
        },
      });
      const limit = request.timeoutMs ?? TIMEOUT_MS;
      const timer = setTimeout(() => sent.destroy(new Error(`no response within ${limit} ms`)), limit);
      sent.once('close', () => clearTimeout(timer));
      sent.once('error', reject);
      sent.once('response', (message) => {
        if (streaming) {
          clearTimeout(timer);
          // Detects a dead peer although nothing is sent: the kernel probes it every 30 s.
          message.socket.setKeepAlive(true, 30_000);
        }
        resolve(message);
      });
      sent.end(body);
    });
    const code = response.statusCode ?? 0;
    onRequest(request.verb, resourceOf(request.path), code);
    if (code >= 200 && code < 300) return response;
    if (code === 401) renew();
    throw errorFrom(code, await textOf(response));
  }

  async function counted(request: ApiRequest, streaming: boolean): Promise<http.IncomingMessage> {
    try {
      return await open(request, streaming);
    } catch (error) {
      if (!(error instanceof ApiError)) onRequest(request.verb, resourceOf(request.path), 0);
      throw error;
    }
  }

  return {
    request: async <T>(request: ApiRequest) => JSON.parse(await textOf(await counted(request, false))) as T,
    stream: (request) => counted(request, true),
  };
}

async function textOf(message: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

/** `pods/log` of `/api/v1/namespaces/x/pods/y/log`: the resource and its subresource, if any. */
export function resourceOf(path: string): string {
  const match = /^\/api(?:s\/[^/]+)?\/[^/]+\/(?:namespaces\/[^/]+\/)?([^/]+)(?:\/[^/]+(?:\/(.+))?)?$/.exec(path);
  if (match === null) return 'unknown';
  const [, resource = 'unknown', subresource] = match;
  return subresource === undefined ? resource : `${resource}/${subresource}`;
}
