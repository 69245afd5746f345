/**
 * What the end-to-end tests stand on: any real cluster, with real containers of the one image.
 *
 *   KUBECONFIG          the cluster; the tests create their own namespaces and delete them
 *   E2E_IMAGE           the image, repository:tag, that the nodes have or can pull
 *   E2E_POSTGRES_URL    a PostgreSQL that pods reach, as a user who may create databases; or
 *   E2E_ADDRESS         an address of this machine that pods reach: the tests start a PostgreSQL of their own there
 *   E2E_VOLUMES         a folder of the only node, which is this machine, for volumes; else the default StorageClass
 *   E2E_DOCKER          the program that builds the images of tests; default docker
 *   E2E_LOAD_IMAGE      the command that brings such an image, its name in $IMAGE, to the nodes; see images.ts
 */
import { appendFile, chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { findHelm, findKubectl } from '../cluster/clients.ts';
import { startPostgres } from '../support/postgres.ts';
import { type CommandResult, eventually, runCommand } from '../support/processes.ts';

const { KUBECONFIG, E2E_IMAGE, E2E_POSTGRES_URL, E2E_ADDRESS, E2E_VOLUMES } = process.env;

export const IMAGE = E2E_IMAGE ?? '';
const MINUTES = 60_000;

/** Why there can be no end-to-end test, or undefined. */
export function whyNot(): string | undefined {
  if (!KUBECONFIG) return 'KUBECONFIG names no cluster';
  if (!E2E_IMAGE) return 'E2E_IMAGE names no image';
  if (!E2E_POSTGRES_URL && !E2E_ADDRESS) return 'neither E2E_POSTGRES_URL nor E2E_ADDRESS says where PostgreSQL is';
  return undefined;
}

export interface Room {
  namespace: string;
  kubectl(...args: string[]): Promise<CommandResult>;
  /** Throws when kubectl fails; returns stdout. */
  run(...args: string[]): Promise<string>;
  apply(...objects: object[]): Promise<void>;
  /** For an object that is too large for the annotation of `kubectl apply`. */
  create(object: object): Promise<void>;
  helm(...args: string[]): Promise<CommandResult>;
  /** Throws with the output of helm and of the pods. */
  mustHelm(...args: string[]): Promise<string>;
  /** A claim with a volume that the image's user may write to. */
  claim(name: string): Promise<void>;
  /** The output of a script, run in a pod of the image that has the claim at /volume. */
  look(claim: string, script: string): Promise<string>;
  /** Waits for a condition of a DatabaseMigration; an error describes it. */
  waitFor(name: string, condition: string, seconds?: number): Promise<void>;
  remove(): Promise<void>;
}

/** A namespace that enforces Pod Security `restricted`. */
export async function openRoom(name: string): Promise<Room> {
  const namespace = `${name}-${Date.now().toString(36)}`;
  const kubectlPath = await findKubectl();
  const helmPath = await findHelm();
  const kubectl = (args: string[], input?: string) =>
    runCommand(kubectlPath, [`--namespace=${namespace}`, ...args], { timeoutMs: 6 * MINUTES, input });
  const must = async (args: string[], input?: string) => {
    const { code, stdout, stderr } = await kubectl(args, input);
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')} failed: ${stderr}${stdout}`);
    return stdout;
  };
  const helm = (...args: string[]) =>
    runCommand(helmPath, [...args, `--namespace=${namespace}`], { timeoutMs: 6 * MINUTES });
  const apply = async (...objects: object[]) => {
    await must(['apply', '--filename=-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
  };
  await must(['create', 'namespace', namespace]);
  await must(['label', 'namespace', namespace, 'pod-security.kubernetes.io/enforce=restricted']);
  const volumes: string[] = [];
  let looks = 0;

  return {
    namespace,
    kubectl: (...args) => kubectl(args),
    run: (...args) => must(args),
    apply,
    create: async (object) => {
      await must(['create', '--filename=-'], JSON.stringify(object));
    },
    helm,
    async mustHelm(...args) {
      const { code, stdout, stderr } = await helm(...args);
      if (code === 0) return stdout;
      const pods = await kubectl(['describe', 'pods']);
      throw new Error(`helm ${args.join(' ')} failed: ${stderr}${stdout}\n${pods.stdout.slice(-6000)}`);
    },
    async claim(claimName) {
      if (E2E_VOLUMES) {
        volumes.push(`${namespace}-${claimName}`);
        await apply(await volumeOf(E2E_VOLUMES, namespace, claimName));
      }
      await apply({
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name: claimName },
        spec: {
          accessModes: ['ReadWriteOnce'],
          resources: { requests: { storage: '1Gi' } },
          ...(E2E_VOLUMES ? { storageClassName: '', volumeName: `${namespace}-${claimName}` } : {}),
        },
      });
    },
    async look(claimName, script) {
      const name = `look-${++looks}`;
      await apply(lookPod(name, claimName, script));
      const phase = await eventually(
        `the pod ${name} to end`,
        async () => {
          const now = await must(['get', 'pod', name, '--output=jsonpath={.status.phase}']);
          return ['Succeeded', 'Failed'].includes(now) && now;
        },
        {
          timeoutMs: 2 * MINUTES,
          everyMs: 500,
          explain: async () => (await kubectl(['describe', 'pod', name])).stdout,
        },
      );
      const said = await must(['logs', name]);
      if (phase === 'Failed') throw new Error(`the script failed: ${said}`);
      return said.trim();
    },
    async waitFor(resource, condition, seconds = 180) {
      const args = ['wait', `--for=condition=${condition}`, `dbm/${resource}`, `--timeout=${seconds}s`];
      if ((await kubectl(args)).code === 0) return;
      const { stdout } = await kubectl(['describe', 'dbm', resource]);
      const pods = await kubectl(['describe', 'pods']);
      throw new Error(`${resource} is not ${condition}:\n${stdout}\n${pods.stdout.slice(-6000)}`);
    },
    async remove() {
      await kubectl(['delete', 'namespace', namespace, '--wait=false']);
      for (const volume of volumes) await kubectl(['delete', 'pv', volume, '--wait=false']);
    },
  };
}

/** A folder of the node. The kubelet sets no owner on such a volume, so every user may write there. */
async function volumeOf(folder: string, namespace: string, claimName: string): Promise<object> {
  const path = join(folder, namespace, claimName);
  await mkdir(path, { recursive: true });
  await chmod(path, 0o777);
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: `${namespace}-${claimName}` },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: 'Retain',
      claimRef: { namespace, name: claimName },
      hostPath: { path },
    },
  };
}

/** What Pod Security `restricted` asks of a pod and of a container. */
export const RESTRICTED = {
  pod: { runAsNonRoot: true, runAsUser: 1000, fsGroup: 1000, seccompProfile: { type: 'RuntimeDefault' } },
  container: {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  },
};

function lookPod(name: string, claimName: string, script: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      securityContext: RESTRICTED.pod,
      containers: [
        {
          name: 'look',
          image: IMAGE,
          imagePullPolicy: 'IfNotPresent',
          command: ['node', '-e', script],
          securityContext: RESTRICTED.container,
          volumeMounts: [{ name: 'volume', mountPath: '/volume' }],
        },
      ],
      volumes: [{ name: 'volume', persistentVolumeClaim: { claimName } }],
    },
  };
}

export interface Postgres {
  /** A new database; its URL as pods use it. */
  createDatabase(): Promise<{ url: string; query<Row extends pg.QueryResultRow>(sql: string): Promise<Row[]> }>;
  stop(): Promise<void>;
}

export async function openPostgres(): Promise<Postgres> {
  const { url: admin, stop } = E2E_POSTGRES_URL
    ? { url: E2E_POSTGRES_URL, stop: async () => {} }
    : await startOn(E2E_ADDRESS ?? '');
  let made = 0;
  return {
    async createDatabase() {
      const name = `e2e_${Date.now().toString(36)}_${++made}`;
      await query(admin, `CREATE DATABASE ${name}`);
      const url = new URL(admin);
      url.pathname = `/${name}`;
      return { url: url.href, query: (sql) => query(url.href, sql) };
    },
    stop,
  };
}

async function startOn(address: string) {
  const server = await startPostgres({ settings: { listen_addresses: '*' } });
  await appendFile(join(server.dataFolder, 'pg_hba.conf'), 'host all all 0.0.0.0/0 scram-sha-256\n');
  await server.query('SELECT pg_reload_conf()');
  const url = new URL(server.url());
  url.hostname = address;
  url.searchParams.set('sslmode', 'disable');
  return { url: url.href, stop: () => server.stop() };
}

async function query<Row extends pg.QueryResultRow>(url: string, sql: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}
