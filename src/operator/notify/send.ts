import { lookup as resolveName } from 'node:dns';
import http from 'node:http';
import https from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { Delivery } from '../../core/reconcile/notify.ts';
import { type Endpoint, isForbidden } from './endpoint.ts';

/** For the whole request, in milliseconds. */
const TIMEOUT_MS = 10_000;

/**
 * Sends one POST. It follows no redirect, uses no proxy and reads no answer but its status. The address is checked when
 * the connection is made, so a name that changes its address cannot lead elsewhere. No text contains the URL.
 */
export function send(
  { url, isNamed }: Endpoint,
  body: string,
  headers: Readonly<Record<string, string>>,
  timeoutMs = TIMEOUT_MS,
): Promise<Delivery> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0 && isForbidden(host, isNamed)) return Promise.resolve(FORBIDDEN);
  const { request, Agent } = url.protocol === 'https:' ? https : http;
  return new Promise((resolve) => {
    // An agent of its own: that of the process may use a proxy, whose addresses are not checked.
    const agent = new Agent({ keepAlive: false });
    const end = (delivery: Delivery) => {
      clearTimeout(timer);
      agent.destroy();
      resolve(delivery);
    };
    const sent = request(url, {
      method: 'POST',
      agent,
      lookup: checkedLookup(isNamed),
      headers: {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'user-agent': 'db-manager',
        ...headers,
      },
    });
    const timer = setTimeout(() => sent.destroy(Object.assign(new Error(), { code: 'ETIMEDOUT' })), timeoutMs);
    sent.on('response', (response) => {
      const status = response.statusCode ?? 0;
      response.destroy();
      end(judge(status));
    });
    sent.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === FORBIDDEN_CODE) return end(FORBIDDEN);
      end(failure(`The endpoint could not be reached (${codeOf(error)}).`, true));
    });
    sent.end(body);
  });
}

const FORBIDDEN_CODE = 'ERR_DB_MANAGER_FORBIDDEN';
const FORBIDDEN: Delivery = {
  kind: 'failed',
  reason: 'NotAllowed',
  message: 'The endpoint has a loopback, link-local, multicast or metadata address, to which nothing is sent.',
  again: false,
};

function failure(message: string, again: boolean): Delivery {
  return { kind: 'failed', reason: 'NotificationFailed', message, again };
}

function judge(status: number): Delivery {
  if (status >= 200 && status < 300) return { kind: 'sent' };
  if (status >= 300 && status < 400)
    return failure(`The endpoint answered with ${status}; a redirect is not followed.`, false);
  return failure(`The endpoint answered with ${status}.`, status >= 500 || status === 408 || status === 429);
}

/** The code alone: messages contain the address or the name. */
function codeOf({ code }: NodeJS.ErrnoException): string {
  return code !== undefined && /^[A-Z0-9_]{1,60}$/.test(code) ? code : 'unknown error';
}

/** All addresses of the name must be allowed. */
function checkedLookup(isNamed: boolean): LookupFunction {
  return (name, options, done) => {
    resolveName(name, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return done(error, '', 0);
      const [first] = addresses;
      if (first === undefined || addresses.some(({ address }) => isForbidden(address, isNamed))) {
        return done(Object.assign(new Error(), { code: FORBIDDEN_CODE }), '', 0);
      }
      if (options.all === true) done(null, addresses as never);
      else done(null, first.address, first.family);
    });
  };
}
