import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import type { Api } from '../controller-runtime/api.ts';
import { detailOf } from '../core/dashboard/detail.ts';
import type { DashboardResource } from '../core/dashboard/resource.ts';
import { bearerToken } from '../core/model/bearer-token.ts';
import type { DatabaseMigration } from '../core/model/resource.ts';
import { isSameSecret } from '../core/model/same-secret.ts';
import { TOOL_VERSION } from '../core/model/version.ts';
import { pendingPlan } from '../operator/approval.ts';
import { approveAs } from './approve.ts';
import type { LiveResources } from './live.ts';
import { dashboardPage } from './page/page.ts';
import { Sessions } from './sessions.ts';
import { streamResources } from './stream.ts';

interface DashboardOptions {
  /** Absent: all addresses. */
  host?: string;
  /** 0 selects a free port. */
  port: number;
  /** Reads the PEM texts of a certificate: the server then uses HTTPS. A replaced certificate is read within a minute. */
  tls?: { read(): SecureContextOptions };
  /** Names that `Host` may have, without the port; absent: any. Protects a local server against DNS rebinding. */
  hosts?: readonly string[];
  /** Who may ask for data, by the bearer token. */
  authorize(token: string | undefined): Promise<'allowed' | 'unauthenticated' | 'forbidden'>;
  /** Instructions for getting a token, as sentences. `token`: the page asks for one. */
  signIn: { kind: 'token' | 'key'; help: string };
  /** The API with the credentials of the caller, for approvals. */
  apiOf(token: string): Api;
  live(token: string): LiveResources;
  allowApprove: boolean;
  /** Shown at the top: the cluster. */
  place: string;
}

export interface DashboardServer {
  port: number;
  close(): Promise<void>;
}

/** How often the caller of an open stream is authorized again, in milliseconds. */
const AGAIN_MS = 60_000;
const BODY_BYTES = 10_000;

/** Serves the page and its data. */
export async function startDashboard(options: DashboardOptions): Promise<DashboardServer> {
  const page = dashboardPage();
  const sessions = new Sessions((token) => options.live(token));
  const stop = new AbortController();
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    response.setHeader('content-security-policy', page.policy);
    response.setHeader('x-content-type-options', 'nosniff');
    response.setHeader('referrer-policy', 'no-referrer');
    response.setHeader('cross-origin-opener-policy', 'same-origin');
    response.setHeader('cross-origin-resource-policy', 'same-origin');
    response.setHeader('cache-control', 'no-store');
    answer(request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else problem(response, 500, `The request failed: ${error instanceof Error ? error.message : String(error)}`);
    });
  };
  const { tls } = options;
  const server = tls === undefined ? createServer(handle) : createTlsServer(tls.read(), handle);
  const renewal = setInterval(() => {
    try {
      if (tls !== undefined && 'setSecureContext' in server) server.setSecureContext(tls.read());
    } catch {
      // The files are being replaced: they are read again in a minute.
    }
  }, AGAIN_MS);
  renewal.unref();
  server.listen(options.port, options.host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    async close() {
      stop.abort();
      clearInterval(renewal);
      sessions.stop();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { hosts } = options;
    if (hosts !== undefined && !hosts.includes(hostOf(request))) {
      return problem(response, 421, `This server answers only to ${hosts.join(', ')}.`);
    }
    const url = new URL(request.url ?? '/', 'http://host');
    const { pathname } = url;
    if (pathname === '/' || pathname === '/index.html') {
      if (request.method !== 'GET' && request.method !== 'HEAD') return problem(response, 405, 'Use GET.');
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
      response.end(request.method === 'HEAD' ? undefined : page.html);
      return;
    }
    const route = ROUTES[pathname];
    if (route === undefined) return problem(response, 404, 'available paths: /, /events, /resource and /approve');
    if (request.method !== route) return problem(response, 405, `Use ${route}.`);
    if (!isSameOrigin(request)) return problem(response, 403, 'Requests of other sites are refused.');
    const token = bearerToken(request.headers.authorization);
    const access = await options.authorize(token).catch(() => 'unavailable' as const);
    if (access !== 'allowed' || token === undefined) return refuse(response, access);
    if (pathname === '/events') return stream(response, token);
    if (pathname === '/resource') return resource(response, token, url.searchParams);
    return approve(request, response, token);
  }

  function refuse(response: ServerResponse, access: 'unauthenticated' | 'forbidden' | 'unavailable' | 'allowed'): void {
    const { kind, help } = options.signIn;
    if (access === 'unavailable') {
      problem(response, 503, 'The API server could not be asked who the user of the token is.');
      return;
    }
    const error =
      access === 'forbidden'
        ? 'Your user may not open the dashboard: it needs get on the non-resource URL /dashboard.'
        : kind === 'token'
          ? 'A valid bearer token is required.'
          : 'The key of this dashboard is missing or is that of an earlier start.';
    problem(response, access === 'forbidden' ? 403 : 401, error, { signIn: kind, help });
  }

  async function stream(response: ServerResponse, token: string): Promise<void> {
    const session = sessions.enter(token);
    if (session === undefined) return problem(response, 429, 'Too many pages are open.');
    const ended = new AbortController();
    const again = setInterval(async () => {
      const access = await options.authorize(token).catch(() => 'allowed' as const);
      const rejected = options.signIn.kind === 'token' && session.live.connection().error?.kind === 'unauthorized';
      if ((access === 'allowed' && !rejected) || response.writableEnded) return;
      const { kind, help } = options.signIn;
      const error = 'The token is no longer valid, or its user may no longer open the dashboard.';
      response.write(`${JSON.stringify({ type: 'end', error, signIn: kind, help })}\n`);
      ended.abort();
    }, AGAIN_MS);
    const hello = {
      csrf: csrfOf(token),
      approvals: options.allowApprove,
      place: options.place,
      version: TOOL_VERSION,
    };
    try {
      await streamResources(response, session.live, hello, AbortSignal.any([stop.signal, ended.signal]));
    } finally {
      clearInterval(again);
      session.end();
    }
  }

  function resource(response: ServerResponse, token: string, query: URLSearchParams): void {
    const [kind = '', namespace = '', name = ''] = ['kind', 'namespace', 'name'].map((each) => query.get(each) ?? '');
    const found = sessions.of(token)?.get(kind, namespace, name);
    if (found === undefined) {
      problem(response, 404, `${kind} ${name} is not in namespace ${namespace}, or was deleted.`);
      return;
    }
    json(response, 200, { html: detailOf(found, { pending: pendingDigest(found), approvals: options.allowApprove }) });
  }

  async function approve(request: IncomingMessage, response: ServerResponse, token: string): Promise<void> {
    if (!options.allowApprove) {
      return problem(
        response,
        403,
        'This dashboard is read-only. Start it with --allow-approve, or type db-manager approve.',
      );
    }
    if (!isSameSecret(String(request.headers['x-csrf-token'] ?? ''), csrfOf(token))) {
      return problem(response, 403, 'The CSRF token is missing or wrong. Reload the page.');
    }
    if (request.headers['content-type']?.split(';')[0]?.trim() !== 'application/json') {
      return problem(response, 415, 'The body must be application/json.');
    }
    const body = await bodyOf(request);
    if (body === undefined) return problem(response, 400, 'The body must be JSON with namespace, name and digest.');
    const { status, error } = await approveAs(options.apiOf(token), body);
    if (error !== undefined) return problem(response, status, error);
    json(response, 200, { approvedPlan: body.digest });
  }
}

const ROUTES: Record<string, 'GET' | 'POST' | undefined> = {
  '/events': 'GET',
  '/resource': 'GET',
  '/approve': 'POST',
};

function pendingDigest(resource: DashboardResource): string | undefined {
  if (resource.kind !== 'DatabaseMigration') return undefined;
  const pending = pendingPlan(resource as unknown as DatabaseMigration);
  return typeof pending === 'string' ? undefined : pending.plan.digest;
}

/** Bound to the token, so that every replica knows it and who adds the token to a request of another site does not. */
function csrfOf(token: string): string {
  return createHmac('sha256', token).update('db-manager dashboard: approve').digest('base64url');
}

function hostOf({ headers }: IncomingMessage): string {
  const { host = '' } = headers;
  return host.replace(/:\d{1,5}$/, '').toLowerCase();
}

/** Browsers send these headers; other clients need not. */
function isSameOrigin({ headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
  const { origin } = headers;
  if (origin === undefined || site === 'same-origin') return true;
  return URL.canParse(origin) && new URL(origin).host === headers.host;
}

async function bodyOf(request: IncomingMessage): Promise<Approval | undefined> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk;
    if (text.length > BODY_BYTES) return undefined;
  }
  try {
    const { namespace, name, digest } = JSON.parse(text) as Record<string, unknown>;
    if (typeof namespace !== 'string' || typeof name !== 'string' || typeof digest !== 'string') return undefined;
    return namespace === '' || name === '' || digest === '' ? undefined : { namespace, name, digest };
  } catch {
    return undefined;
  }
}

type Approval = Parameters<typeof approveAs>[1];

function json(response: ServerResponse, code: number, body: object): void {
  response.writeHead(code, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
}

function problem(response: ServerResponse, code: number, error: string, more: object = {}): void {
  json(response, code, { error, ...more });
}
