/** What tests of the operator need: the CRD, a namespace, the operator's permissions and no others, and the process. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseMigration } from '../../src/core/model/resource.ts';
import { temporaryFolder } from '../support/lifetime.ts';
import { eventually, type Server, startServer } from '../support/processes.ts';
import { OPERATOR } from '../support/program.ts';
import { type Agent, sharedAgent } from './agent.ts';
import { checkoutImage, ROOT } from './checkout.ts';
import type { ControlPlane } from './control-plane.ts';
import { openRoom, type Room } from './workdir.ts';

const NODE = process.execPath;

/** The image of the operator and its runner, as the agent runs it: this checkout. */
export const IMAGE = 'db-manager:test';

export const IMAGES = { [IMAGE]: checkoutImage() };

export interface OperatorOptions {
  namespaces?: string[];
  leaderElection?: boolean;
  leaseName?: string;
  leaseNamespace?: string;
  maxConcurrentRuns?: number;
  kubeconfig?: string;
  allowedImages?: string[];
  allowedServiceAccounts?: string[];
  allowedSources?: string[];
  allowedPriorityClasses?: string[];
  notifyHosts?: string[];
  metricsAuth?: boolean;
  metricsCertFile?: string;
  metricsKeyFile?: string;
  dashboardPort?: number;
  dashboardApprove?: boolean;
  dashboardCertFile?: string;
  dashboardKeyFile?: string;
}

export interface Operator extends Server {
  /** Base URL of /healthz, /readyz and /metrics. */
  probes: string;
  log(): Promise<string>;
}

export interface Ground extends Room {
  agent: Agent;
  controlPlane: ControlPlane;
  /** Starts an operator for this namespace, as its service account; returns when it acts. */
  startOperator(options?: OperatorOptions): Promise<Operator>;
  apply(...objects: object[]): Promise<string>;
  resource(name: string): Promise<DatabaseMigration>;
  /** Waits with `kubectl wait` for a condition of a resource. */
  waitFor(name: string, condition: string, seconds?: number): Promise<void>;
  /** Asks until the resource is so; an error shows its last status. */
  resourceWhen(
    name: string,
    what: string,
    isSo: (resource: DatabaseMigration) => boolean,
    seconds?: number,
  ): Promise<DatabaseMigration>;
}

export async function openGround(controlPlane: ControlPlane, prefix: string): Promise<Ground> {
  await installCrd(controlPlane);
  const agent = await sharedAgent();
  for (const [reference, image] of Object.entries(IMAGES)) agent.setImage(reference, image);
  const room = await openRoom(controlPlane, prefix);
  await grant(controlPlane, room.namespace);
  const { namespace } = room;
  const ground: Ground = {
    ...room,
    agent,
    controlPlane,
    startOperator: (options) => startOperator(controlPlane, namespace, options),
    apply: (...objects) =>
      controlPlane.mustKubectl(['apply', `--namespace=${namespace}`, '--filename=-'], {
        input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }),
      }),
    async resource(name) {
      const found = await controlPlane.reads.one<DatabaseMigration>('databasemigrations', namespace, name);
      if (found === undefined) throw new Error(`there is no DatabaseMigration ${name}`);
      return found;
    },
    async waitFor(name, condition, seconds = 45) {
      const args = ['wait', `--for=condition=${condition}`, `dbm/${name}`, `--timeout=${seconds}s`];
      await controlPlane
        .mustKubectl([...args, `--namespace=${namespace}`], { timeoutMs: (seconds + 20) * 1000 })
        .catch(async (error: unknown) => {
          throw new Error(`${name} is not ${condition}:\n${await room.run('describe', 'dbm', name)}`, { cause: error });
        });
    },
    async resourceWhen(name, what, isSo, seconds = 30) {
      let last: DatabaseMigration | undefined;
      return eventually(
        `${name} to be ${what}`,
        async () => {
          last = await ground.resource(name);
          return isSo(last) && last;
        },
        { timeoutMs: seconds * 1000, everyMs: 100, explain: async () => JSON.stringify(last?.status, null, 2) },
      );
    },
  };
  return ground;
}

/** Installs crds/ and returns when the API server serves it. */
export async function installCrd({ mustKubectl, reads }: ControlPlane): Promise<void> {
  await mustKubectl(['apply', '--server-side', '--force-conflicts', `--filename=${join(ROOT, 'crds')}`]);
  const served = async () => (await reads.list('databasemigrations', 'default')) !== undefined;
  await eventually('the CRD to be served', served, { timeoutMs: 30_000 });
}

/** The permissions of deploy/rbac/namespaced, and those on the lease, for the service account `operator`. */
async function grant(controlPlane: ControlPlane, namespace: string): Promise<void> {
  const all = await readFile(join(ROOT, 'deploy/rbac/rbac.yaml'), 'utf8');
  const lease = all.split('---\n').filter((document) => /^kind: Role$/m.test(document));
  const roles = [await readFile(join(ROOT, 'deploy/rbac/namespaced/rbac.yaml'), 'utf8'), ...lease].map((text) =>
    text.replaceAll('namespace: db-manager', `namespace: ${namespace}`),
  );
  // JSON is YAML. One kubectl for all: each costs a tenth of a second of CPU time.
  const input = [...roles, ...accountWithLease(namespace).map((object) => JSON.stringify(object))].join('\n---\n');
  await controlPlane.mustKubectl(['apply', `--namespace=${namespace}`, '--filename=-'], { input });
}

function accountWithLease(namespace: string): object[] {
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: ACCOUNT } },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'lease' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'db-manager-operator-lease' },
      subjects: [{ kind: 'ServiceAccount', name: ACCOUNT, namespace }],
    },
  ];
}

const ACCOUNT = 'db-manager-operator';

async function startOperator(
  controlPlane: ControlPlane,
  namespace: string,
  options: OperatorOptions = {},
): Promise<Operator> {
  const kubeconfig = options.kubeconfig ?? (await controlPlane.kubeconfigFor({ serviceAccount: ACCOUNT, namespace }));
  const folder = await temporaryFolder('operator');
  const settings = {
    namespaces: [namespace],
    runnerImage: IMAGE,
    metricsPort: 0,
    leaderElection: false,
    leaseName: 'db-manager-operator',
    leaseNamespace: namespace,
    logLevel: 'debug',
    logFormat: 'json',
    maxConcurrentRuns: 20,
    ...options,
    kubeconfig,
  };
  const server = await startServer({
    command: NODE,
    args: [OPERATOR, JSON.stringify(settings)],
    logFile: join(folder, 'operator.log'),
    cwd: ROOT,
  });
  const log = () => readFile(server.logFile, 'utf8');
  const explain = () => server.logTail();
  const port = await eventually(
    'the operator to start',
    async () => {
      const text = await log();
      if (!server.isRunning()) throw new Error(`the operator ended: ${text}`);
      return settings.leaderElection || text.includes('leader election won')
        ? /"port":(\d+)/.exec(text)?.[1]
        : undefined;
    },
    { timeoutMs: 20_000, explain },
  );
  return { ...server, log, probes: `http://127.0.0.1:${port}` };
}
