import type { ServerResponse } from 'node:http';
import { isDeepStrictEqual } from 'node:util';
import { resourceKey } from '../core/dashboard/resource.ts';
import { rowsOf } from '../core/dashboard/rows.ts';
import { connectionText } from './connection-text.ts';
import type { LiveResources } from './live.ts';

/** Changes within this time are sent together. */
const BATCH_MS = 100;
/** The page takes a stream for lost that is silent for three times as long. */
const PING_MS = 15_000;
/** Resources per line. */
const PER_LINE = 50;

/**
 * Sends everything, then each change, as lines of JSON, until the reader leaves or `signal` aborts. Changes wait by key
 * while the reader is slow, so that memory is limited by the number of resources.
 */
export function streamResources(
  response: ServerResponse,
  live: LiveResources,
  hello: object,
  signal: AbortSignal,
): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/x-ndjson', 'x-accel-buffering': 'no' });
  const send = (message: object) => response.write(`${JSON.stringify(message)}\n`);
  const dirty = new Set<string>();
  let state: object | undefined;
  let complete = false;
  let timer: NodeJS.Timeout | undefined;

  const flush = () => {
    timer = undefined;
    if (response.destroyed || response.writableEnded) return;
    // The event `drain` calls again.
    if (response.writableNeedDrain) return;
    const keys = [...dirty];
    dirty.clear();
    for (let at = 0; at < keys.length; at += PER_LINE) {
      const resources = keys.slice(at, at + PER_LINE).map((key) => {
        const [kind = '', namespace = '', name = ''] = key.split('/');
        const found = live.get(kind, namespace, name);
        return { key, rows: found === undefined ? [] : rowsOf(found) };
      });
      send({ type: 'rows', resources });
    }
    const connection = live.connection();
    if (!complete && connection.synced) {
      complete = true;
      send({ type: 'complete' });
    }
    const next = connectionText(connection);
    if (!isDeepStrictEqual(next, state)) {
      state = next;
      send({ type: 'state', ...next });
    }
  };
  const later = () => {
    timer ??= setTimeout(flush, BATCH_MS);
  };

  send({ type: 'hello', ...hello });
  for (const resource of live.values()) dirty.add(resourceKey(resource));
  const unsubscribe = live.subscribe((key) => {
    if (key !== undefined) dirty.add(key);
    later();
  });
  response.on('drain', later);
  const ping = setInterval(() => send({ type: 'ping' }), PING_MS);
  flush();
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      clearInterval(ping);
      unsubscribe();
      signal.removeEventListener('abort', end);
      response.end();
      resolve();
    };
    response.once('close', end);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end);
  });
}
