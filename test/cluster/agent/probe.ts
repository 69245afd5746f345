import { request as http } from 'node:http';
import { request as https } from 'node:https';
import type { V1Container } from '@kubernetes/client-node';

/** Asks a container's readiness probe once. Only `httpGet` is known; other kinds, and none, count as ready. */
export function isReadyNow(container: V1Container): Promise<boolean> {
  const probe = container.readinessProbe;
  const get = probe?.httpGet;
  if (!get) return Promise.resolve(true);
  const named = container.ports?.find(({ name }) => name === get.port)?.containerPort;
  const options = {
    host: get.host ?? '127.0.0.1',
    port: named ?? Number(get.port),
    path: get.path ?? '/',
    timeout: (probe.timeoutSeconds ?? 1) * 1000,
    agent: false,
  };
  return new Promise((resolve) => {
    const asked = get.scheme === 'HTTPS' ? https({ ...options, rejectUnauthorized: false }) : http({ ...options });
    asked.on('response', (response) => {
      response.resume();
      const { statusCode = 500 } = response;
      resolve(statusCode >= 200 && statusCode < 400);
    });
    asked.on('timeout', () => asked.destroy());
    asked.on('error', () => resolve(false));
    asked.end();
  });
}
