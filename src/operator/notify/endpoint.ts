/** Which endpoints a notification may be sent to. A URL comes from a Secret of a user, and is not trusted. */
import { BlockList, isIP } from 'node:net';

/**
 * One entry of `--notify-hosts`: `hooks.example.com`, `*.example.com`, `host:8443`, or `http://host:8080` for HTTP without
 * TLS.
 */
interface HostPattern {
  protocol: 'http:' | 'https:';
  host: string;
  port: string;
}

const DEFAULT_PORT = { 'http:': '80', 'https:': '443' } as const;

/** Addresses of the host and of cloud metadata services, which answer any program of the network. */
const NEVER = new BlockList();
for (const [address, bits] of [
  ['0.0.0.0', 8],
  ['169.254.0.0', 16],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  ['100.100.100.200', 32],
  ['168.63.129.16', 32],
] as const) {
  // BlockList reads ::ffff:0:0/96 as IPv4, but not the addresses of a NAT64 gateway.
  NEVER.addSubnet(address, bits, 'ipv4');
  NEVER.addSubnet(`64:ff9b::${address}`, 96 + bits, 'ipv6');
}
for (const [address, bits] of [
  ['::', 128],
  ['fe80::', 10],
  ['ff00::', 8],
  ['fd00:ec2::254', 128],
  ['fd20:ce::254', 128],
] as const)
  NEVER.addSubnet(address, bits, 'ipv6');

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

export interface Endpoint {
  url: URL;
  /** An entry names this very host, so that a loopback address is meant. */
  isNamed: boolean;
}

/** The endpoint if the administrator allows it, else why not; the text contains nothing of the URL. */
export function endpointOf(text: string, patterns: readonly string[]): Endpoint | { refused: string } {
  if (!URL.canParse(text.trim())) return { refused: 'The value of spec.notify.urlFrom is not a URL.' };
  const url = new URL(text.trim());
  if (url.username !== '' || url.password !== '')
    return { refused: 'The URL of spec.notify.urlFrom has a user name or a password, which is not supported.' };
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const found = patterns.map(patternOf).find((pattern) => {
    if (pattern === undefined || pattern.protocol !== url.protocol) return false;
    if (pattern.port !== (url.port || DEFAULT_PORT[pattern.protocol])) return false;
    return pattern.host.startsWith('*.') ? host.endsWith(pattern.host.slice(1)) : host === pattern.host;
  });
  if (found === undefined)
    return { refused: 'The operator does not allow the host of spec.notify.urlFrom (--notify-hosts).' };
  return { url, isNamed: !found.host.startsWith('*.') && (host === 'localhost' || isIP(host) !== 0) };
}

/** Undefined if it is not a host, so that a wrong entry allows nothing. */
function patternOf(text: string): HostPattern | undefined {
  const entry = text.trim().toLowerCase();
  const full = entry.includes('://') ? entry : `https://${entry}`;
  const wildcard = /^(https?:\/\/)\*\./.exec(full);
  const parsed = wildcard === null ? full : `${wildcard[1]}${full.slice(wildcard[0].length)}`;
  if (!URL.canParse(parsed)) return undefined;
  const { protocol, hostname, port } = new URL(parsed);
  if ((protocol !== 'http:' && protocol !== 'https:') || hostname.includes('*')) return undefined;
  const host = hostname.replace(/^\[|\]$/g, '');
  return { protocol, host: wildcard === null ? host : `*.${host}`, port: port || DEFAULT_PORT[protocol] };
}

/** Whether no request may be sent to an address. `isNamed`: see `Endpoint`. */
export function isForbidden(address: string, isNamed: boolean): boolean {
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  if (isIP(address) === 0 || NEVER.check(address, family)) return true;
  return LOOPBACK.check(address, family) && !isNamed;
}
