import { createServer } from 'node:net';

// Below Linux's range for outgoing connections (32768 and up): a server that restarts on its port finds it still free,
// where a port from listen(0) could have become the local end of another connection.
const LOWEST = 20_000;
const HIGHEST = 32_000;
// Test processes that run side by side choose from parts of their own: one may be about to listen on a free port.
const WORKERS = Number(process.env.TEST_WORKERS ?? 1);
const WIDTH = Math.floor((HIGHEST - LOWEST) / WORKERS);
const FIRST = LOWEST + WIDTH * Number(process.env.TEST_WORKER ?? 0);
const given = new Set<number>();

/** A free TCP port on 127.0.0.1, never the same twice in one process. Throws after 100 ports in use. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = FIRST + Math.floor(Math.random() * WIDTH);
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
  throw new Error(`found no free TCP port from ${FIRST} to ${FIRST + WIDTH - 1} on 127.0.0.1`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
