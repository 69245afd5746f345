/** Reads objects from the API server over one connection: a kubectl for each look costs a tenth of a second of CPU. */
import { readFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';

/** Where each kind is served. */
const GROUPS = {
  configmaps: 'api/v1',
  pods: 'api/v1',
  serviceaccounts: 'api/v1',
  jobs: 'apis/batch/v1',
  databasemigrations: 'apis/db-manager.dev/v1alpha1',
  databasebackups: 'apis/db-manager.dev/v1alpha1',
  databasebackupschedules: 'apis/db-manager.dev/v1alpha1',
  databaserestores: 'apis/db-manager.dev/v1alpha1',
} as const;

export type Readable = keyof typeof GROUPS;

export interface Reads {
  /** An object, or undefined where there is none (404). Throws for any other answer than 200, and where none comes. */
  one<T>(kind: Readable, namespace: string, name: string): Promise<T | undefined>;
  /** Those that a label selector chooses; all by default. Undefined where the kind is not served. */
  list<T>(kind: Readable, namespace: string, selector?: string): Promise<T[] | undefined>;
}

/** As the user of a kubeconfig file with a client certificate, as kubeconfig.ts writes it. */
export async function openReads(kubeconfig: string): Promise<Reads> {
  const { clusters, users } = JSON.parse(await readFile(kubeconfig, 'utf8'));
  const { server, 'certificate-authority-data': ca } = clusters[0].cluster;
  const { 'client-certificate-data': cert, 'client-key-data': key } = users[0].user;
  const [caPem, certPem, keyPem] = [ca, cert, key].map((data: string) => Buffer.from(data, 'base64'));
  // A connection that waits for its next use does not keep the test process alive: Node unrefs those of an agent.
  const agent = new Agent({ keepAlive: true, ca: caPem, cert: certPem, key: keyPem });

  async function read(path: string): Promise<unknown> {
    const { status, text } = await ask(new URL(path, server), agent);
    if (status === 404) return undefined;
    if (status === 429) {
      // "storage is (re)initializing", for a moment after a kind has been made.
      await sleep(200);
      return read(path);
    }
    if (status !== 200) throw new Error(`GET ${path} was answered with ${status}: ${text}`);
    return JSON.parse(text);
  }

  return {
    async one<T>(kind: Readable, namespace: string, name: string) {
      return (await read(`/${GROUPS[kind]}/namespaces/${namespace}/${kind}/${name}`)) as T | undefined;
    },
    async list<T>(kind: Readable, namespace: string, selector = '') {
      const query = new URLSearchParams({ labelSelector: selector });
      const found = await read(`/${GROUPS[kind]}/namespaces/${namespace}/${kind}?${query}`);
      return (found as { items: T[] } | undefined)?.items;
    },
  };
}

function ask(url: URL, agent: Agent): Promise<{ status: number | undefined; text: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { agent, timeout: 30_000 }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => resolve({ status: response.statusCode, text }));
      response.on('error', reject);
    });
    asked.on('timeout', () => asked.destroy(new Error(`${url.pathname} was not answered in 30 s`)));
    asked.on('error', (error) => {
      // The API server has been restarted, and the connection was from before.
      if (asked.reusedSocket) resolve(ask(url, agent));
      else reject(error);
    });
    asked.end();
  });
}
