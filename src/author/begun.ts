import { AsyncResource, createHook } from 'node:async_hooks';
import { currentAuthor, type StartedWork } from './context.ts';

/**
 * Resources that Node tracks as active, by Node's own names (https://nodejs.org/api/async_hooks.html#type). Promises are
 * not in the list: a promise is settled by one of these, or by a query, or never.
 */
const KINDS: Record<string, string> = {
  Timeout: 'a timer',
  Immediate: 'a callback of setImmediate',
  FSREQCALLBACK: 'a file operation',
  FSREQPROMISE: 'a file operation',
  FILEHANDLECLOSEREQ: 'a file operation',
  BLOBREADER: 'a file operation',
  GETADDRINFOREQWRAP: 'a name lookup',
  GETNAMEINFOREQWRAP: 'a name lookup',
  QUERYWRAP: 'a name lookup',
  TCPCONNECTWRAP: 'a connection attempt',
  PIPECONNECTWRAP: 'a connection attempt',
  TCPWRAP: 'a network connection',
  PIPEWRAP: 'a pipe',
  PROCESSWRAP: 'a child process',
  WORKER: 'a worker thread',
  PBKDF2REQUEST: 'a key derivation',
  SCRYPTREQUEST: 'a key derivation',
  ARGON2REQUEST: 'a key derivation',
  DERIVEBITSREQUEST: 'a key derivation',
  KEYGENREQUEST: 'a key generation',
  KEYPAIRGENREQUEST: 'a key generation',
  KEYEXPORTREQUEST: 'a key export',
  HASHREQUEST: 'a hash',
  CIPHERREQUEST: 'an encryption',
  SIGNREQUEST: 'a signature',
  VERIFYREQUEST: 'a signature',
  RANDOMBYTESREQUEST: 'a random number',
  RANDOMPRIMEREQUEST: 'a prime number',
  CHECKPRIMEREQUEST: 'a prime number',
  ZLIB: 'a compression',
};

/** Stays open longer than it is active: a pool keeps connections, a stream of zlib works piece by piece. The wait for it is shorter, and then it does not fail the code. */
const KEPT_OPEN: ReadonlySet<string> = new Set(['TCPWRAP', 'PIPEWRAP', 'ZLIB']);

const NATIVE = 'the work of a native module';
const NOT_NATIVE: ReadonlySet<string> = new Set(['PROMISE', 'TickObject', 'Microtask']);

/** Work of a native module, such as sqlite3 or bcrypt, has a name of its own; Node's own names are in capital letters. */
function isNative(kind: string, resource: object): boolean {
  return !NOT_NATIVE.has(kind) && /[a-z]/.test(kind) && !(resource instanceof AsyncResource);
}

const owners = new Map<number, Map<number, StartedWork>>();

const hook = createHook({
  init(id, kind, trigger, resource) {
    const native = KINDS[kind] === undefined;
    if (native && !isNative(kind, resource)) return;
    // A native module starts its next work where Node does not know the author, so it belongs to the author of the work before it.
    const begun = currentAuthor()?.begun ?? (native ? owners.get(trigger) : undefined);
    if (begun === undefined) return;
    begun.set(id, { kind, resource, origin: new Error('begun here') });
    owners.set(id, begun);
  },
  after(id) {
    const begun = owners.get(id)?.get(id);
    if (begun !== undefined && !goesOn(begun)) forget(id);
  },
  destroy: forget,
});

let watchers = 0;

/** Watches while `work` runs: hooks slow down every promise of the process a little. */
export async function watchBegun<T>(work: () => Promise<T>): Promise<T> {
  watchers += 1;
  hook.enable();
  try {
    return await work();
  } finally {
    watchers -= 1;
    if (watchers === 0) hook.disable();
  }
}

interface Unfinished {
  /** `a timer`. */
  what: string;
  origin: Error;
  /** A library's own timer, or a connection that stays open: after a short time it is not a reason to wait or to fail. */
  idle: boolean;
}

/** The work that is still active and would keep Node.js running; nothing else delays the end of a program. */
export function unfinished(begun: ReadonlyMap<number, StartedWork>): Unfinished[] {
  return [...begun.values()]
    .filter(({ resource }) => !('hasRef' in resource && typeof resource.hasRef === 'function') || resource.hasRef())
    .map(({ kind, origin }) => ({
      what: KINDS[kind] ?? NATIVE,
      origin,
      idle: KINDS[kind] === undefined || KEPT_OPEN.has(kind) || ofLibrary(origin),
    }));
}

/** Stops the work that is still running, so that it does not keep the process running after its failure. */
export function giveUp(begun: ReadonlyMap<number, StartedWork>): void {
  for (const { kind, resource } of begun.values()) {
    if (kind === 'Timeout') clearTimeout(resource as NodeJS.Timeout);
    else if ('unref' in resource && typeof resource.unref === 'function') resource.unref();
  }
}

function forget(id: number): void {
  owners.get(id)?.delete(id);
  owners.delete(id);
}

/** `setInterval` and handles live longer than a callback; timers and requests do not. */
function goesOn({ kind, resource }: StartedWork): boolean {
  if (kind === 'Timeout') return '_repeat' in resource && resource._repeat !== null;
  return KEPT_OPEN.has(kind) || kind === 'PROCESSWRAP' || kind === 'WORKER';
}

/** The innermost frame that is not Node's own. */
function ofLibrary({ stack = '' }: Error): boolean {
  const frame = stack
    .split('\n')
    .slice(1)
    .find((line) => !/\(?node:|author[/\\]begun\.|<anonymous>/.test(line));
  return frame !== undefined && /[/\\]node_modules[/\\]/.test(frame);
}
