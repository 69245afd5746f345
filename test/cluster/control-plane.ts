/**
 * A real Kubernetes control plane on this machine: etcd, kube-apiserver and kube-controller-manager on free loopback
 * ports, with certificates of its own, RBAC, Pod Security and service accounts as in a default cluster. There is no
 * kubelet and no scheduler: agent.ts replaces both. All files are in one temporary folder, and all processes end with the
 * test process.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { atEnd, temporaryFolder } from '../support/lifetime.ts';
import { type CommandOptions, type CommandResult, eventually, mustRun, runCommand } from '../support/processes.ts';
import { findHelm, findKubectl } from './clients.ts';
import { type ComponentFactory, type Components, prepareComponents } from './components.ts';
import { audited, compact } from './history.ts';
import { serviceAccountKubeconfig, userKubeconfig } from './kubeconfig.ts';
import { createNamespace, type NamespaceOptions, type TestNamespace } from './namespaces.ts';
import { openReads, type Reads } from './reads.ts';

export type Identity =
  | { user: string; groups?: string[] }
  | { serviceAccount: string; namespace: string /** Seconds; default 3600. */; expires?: number };

export interface ControlPlane {
  /** The folder of certificates, logs and data. */
  readonly folder: string;
  /** `https://127.0.0.1:<port>`; stays the same over a restart. */
  readonly server: string;
  /** A kubeconfig file with all permissions. */
  readonly kubeconfig: string;
  /** The certificates by which the API server and a kubelet know each other. */
  readonly certificates: Components['certificates'];
  /** A new kubeconfig file for a user (by certificate) or a service account (by token). */
  kubeconfigFor(identity: Identity): Promise<string>;
  /** Runs kubectl with all permissions; a failing command is a result, not an error. */
  kubectl(args: readonly string[], options?: CommandOptions): Promise<CommandResult>;
  /** Runs kubectl, throws when it fails, and returns stdout. */
  mustKubectl(args: readonly string[], options?: CommandOptions): Promise<string>;
  /** Reads objects with all permissions, at little cost. */
  readonly reads: Reads;
  helm(args: readonly string[], options?: CommandOptions): Promise<CommandResult>;
  /** An empty namespace in which pods can be created. */
  createNamespace(options?: NamespaceOptions): Promise<TestNamespace>;
  /** Ends the API server (SIGTERM, or SIGKILL for a crash); clients get connection refused. */
  stopApiServer(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same port and waits until it is ready. */
  startApiServer(): Promise<void>;
  restartApiServer(signal?: NodeJS.Signals): Promise<void>;
  /** No Job gets pods, nothing is collected and no token is issued until `resumeControllers`. */
  pauseControllers(): void;
  resumeControllers(): void;
  /** Has etcd forget every version but the last, as the API server does every five minutes: older watches are Gone. */
  compact(): Promise<void>;
  /** What a user has asked for, from the API server's audit log. */
  audited(user: string): Promise<AuditedRequest[]>;
  /** Ends everything at once and removes the folder. */
  stop(): Promise<void>;
}

export interface AuditedRequest {
  verb: string;
  /** `pods/log`: with its subresource, where there is one. */
  resource: string;
  allowed: boolean;
  path: string;
}

export interface ControlPlaneOptions {
  signal?: AbortSignal;
  /** Until everything is ready; default 60 s. A first build of the programs is not counted. */
  timeoutMs?: number;
}

/** Starts a control plane and returns when it accepts work. Throws with the failing component's last log lines. */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const folder = await temporaryFolder('k8s');
  const factory: ComponentFactory = await prepareComponents(folder);
  const deadline = AbortSignal.timeout(options.timeoutMs ?? 60_000);
  const signal = options.signal ? AbortSignal.any([options.signal, deadline]) : deadline;
  const components = await factory.start(signal);
  const { server, certificates } = components;

  const kubeconfig = await userKubeconfig(join(folder, 'admin.kubeconfig'), server, certificates.authority, {
    user: 'admin',
    groups: ['system:masters'],
  });
  // Keeps kubectl and helm out of the home folder's caches and configuration.
  const environment = {
    HOME: folder,
    KUBECONFIG: kubeconfig,
    HELM_CACHE_HOME: join(folder, 'helm/cache'),
    HELM_CONFIG_HOME: join(folder, 'helm/config'),
    HELM_DATA_HOME: join(folder, 'helm/data'),
  };
  const inCluster = (given: CommandOptions = {}): CommandOptions => ({
    ...given,
    env: { ...process.env, ...environment, ...given.env },
  });

  const reads = await openReads(kubeconfig);
  let identities = 0;
  const controlPlane: ControlPlane = {
    folder,
    server,
    kubeconfig,
    certificates,
    reads,
    async kubeconfigFor(identity) {
      const file = join(folder, `identity-${++identities}.kubeconfig`);
      return 'user' in identity
        ? userKubeconfig(file, server, certificates.authority, identity)
        : serviceAccountKubeconfig(file, server, certificates.authority, identity, controlPlane);
    },
    async kubectl(args, given) {
      return runCommand(await findKubectl(), args, inCluster(given));
    },
    async mustKubectl(args, given) {
      return mustRun(await findKubectl(), args, inCluster(given));
    },
    async helm(args, given) {
      return runCommand(await findHelm(), args, inCluster(given));
    },
    createNamespace: (given) => createNamespace(controlPlane, given),
    stopApiServer: (how = 'SIGTERM') => components.stopApiServer(how),
    startApiServer: () => components.startApiServer(AbortSignal.timeout(60_000)),
    async restartApiServer(how = 'SIGTERM') {
      await components.stopApiServer(how);
      await components.startApiServer(AbortSignal.timeout(60_000));
    },
    pauseControllers: () => components.signalControllerManager('SIGSTOP'),
    resumeControllers: () => components.signalControllerManager('SIGCONT'),
    compact: () => compact(components.etcd),
    audited: (user) => audited(components.auditLog, user),
    async stop() {
      await components.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
  try {
    await waitForControllers(controlPlane, components, signal);
  } catch (error) {
    await components.stop();
    throw error;
  }
  return controlPlane;
}

// The controllers are at work when the service account controller has made its first account.
async function waitForControllers(controlPlane: ControlPlane, components: Components, signal: AbortSignal) {
  await eventually(
    'the controller manager to work',
    async () => (await controlPlane.reads.one('serviceaccounts', 'default', 'default')) !== undefined,
    { timeoutMs: 60_000, everyMs: 100, signal, explain: () => components.controllerManagerLog() },
  );
}

let shared: Promise<ControlPlane> | undefined;

/** The control plane that all tests of this process share, started on first use and stopped by the root hook. */
export function sharedControlPlane(): Promise<ControlPlane> {
  shared ??= startControlPlane().then((controlPlane) => {
    atEnd('the shared control plane', async () => {
      shared = undefined;
      await controlPlane.stop();
    });
    return controlPlane;
  });
  return shared;
}
