import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import type { Certificate } from '../support/certificates.ts';

/** Whether the API server's /readyz answers ok; false while nothing answers. */
export async function isReady(server: string, caFile: string, client: Certificate): Promise<boolean> {
  const [ca, cert, key] = await Promise.all([caFile, client.certFile, client.keyFile].map((file) => readFile(file)));
  return new Promise((resolve) => {
    const asked = request(`${server}/readyz`, { ca, cert, key, agent: false, timeout: 5_000 }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode === 200));
      response.on('error', () => resolve(false));
    });
    asked.on('timeout', () => asked.destroy());
    asked.on('error', () => resolve(false));
    asked.end();
  });
}
