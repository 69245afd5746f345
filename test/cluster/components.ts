import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Authority, type Certificate, createAuthority, createKeyPair } from '../support/certificates.ts';
import { freePort } from '../support/ports.ts';
import { eventually, type Server, startServer } from '../support/processes.ts';
import { type BinaryName, findBinary } from './binaries.ts';
import { userKubeconfig } from './kubeconfig.ts';
import { isReady } from './readiness.ts';

const HOST = '127.0.0.1';

// Those that jobs, pods, volumes, accounts and a Helm chart's workloads need; the rest would only cost start-up time.
const CONTROLLERS = [
  'clusterrole-aggregation-controller',
  'cronjob-controller',
  'deployment-controller',
  'disruption-controller',
  'ephemeral-volume-controller',
  'garbage-collector-controller',
  'job-controller',
  'namespace-controller',
  'node-lifecycle-controller',
  'persistentvolume-protection-controller',
  'persistentvolumeclaim-protection-controller',
  'pod-garbage-collector-controller',
  'replicaset-controller',
  'resourcequota-controller',
  'root-ca-certificate-publisher-controller',
  'serviceaccount-controller',
  'serviceaccount-token-controller',
  'statefulset-controller',
  'taint-eviction-controller',
  'ttl-after-finished-controller',
];

/** What service accounts ask for, and whether they may; nothing of the rest, which is most. */
const AUDIT_POLICY = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [{ level: 'Metadata', userGroups: ['system:serviceaccounts'] }, { level: 'None' }],
};

export interface Components {
  server: string;
  /** Of etcd, which the API server keeps everything in. */
  etcd: string;
  /** The API server's audit log: one JSON object a line. */
  auditLog: string;
  certificates: { authority: Authority; apiServer: Certificate; kubeletClient: Certificate };
  stopApiServer(signal: NodeJS.Signals): Promise<void>;
  startApiServer(signal: AbortSignal): Promise<void>;
  controllerManagerLog(): Promise<string>;
  /** SIGSTOP or SIGCONT, for example. */
  signalControllerManager(signal: NodeJS.Signals): void;
  stop(): Promise<void>;
}

export interface ComponentFactory {
  start(signal: AbortSignal): Promise<Components>;
}

/** Finds (or builds) the programs; `start` then takes seconds. */
export async function prepareComponents(folder: string): Promise<ComponentFactory> {
  // One after the other: two builds at once take longer on a small machine than in turn.
  const etcd = await findBinary('etcd');
  const apiServer = await findBinary('kube-apiserver');
  const controllerManager = await findBinary('kube-controller-manager');
  return {
    start: (signal) =>
      start(folder, { etcd, 'kube-apiserver': apiServer, 'kube-controller-manager': controllerManager }, signal),
  };
}

type Programs = Record<Extract<BinaryName, 'etcd' | 'kube-apiserver' | 'kube-controller-manager'>, string>;

async function start(folder: string, programs: Programs, signal: AbortSignal): Promise<Components> {
  const [etcdPort, peerPort, apiPort] = [await freePort(), await freePort(), await freePort()];
  const etcdUrl = `http://${HOST}:${etcdPort}`;
  const server = `https://${HOST}:${apiPort}`;
  const pki = join(folder, 'pki');
  await mkdir(pki);
  const authority = await createAuthority(pki);
  const [apiServerCertificate, kubeletClient, accountKeys, managerConfig] = await Promise.all([
    authority.issue({
      name: 'apiserver',
      commonName: 'kube-apiserver',
      hosts: [HOST, '10.0.0.1', 'localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'],
    }),
    authority.issue({ name: 'kubelet-client', commonName: 'kube-apiserver-kubelet-client' }),
    createKeyPair(pki, 'service-accounts'),
    userKubeconfig(join(folder, 'controller-manager.kubeconfig'), server, authority, {
      user: 'system:kube-controller-manager',
      groups: ['system:masters'],
    }),
  ]);

  const auditPolicy = join(folder, 'audit-policy.json');
  const auditLog = join(folder, 'audit.log');
  await writeFile(auditPolicy, JSON.stringify(AUDIT_POLICY));

  const launch = (name: keyof Programs, args: string[]): Promise<Server> =>
    startServer({ command: programs[name], args, cwd: folder, logFile: join(folder, `${name}.log`) });

  const launchApiServer = () =>
    launch('kube-apiserver', [
      `--etcd-servers=${etcdUrl}`,
      `--bind-address=${HOST}`,
      `--secure-port=${apiPort}`,
      // A loopback address is refused as an endpoint of the service "kubernetes"; nothing here uses that service.
      '--endpoint-reconciler-type=none',
      '--service-cluster-ip-range=10.0.0.0/24',
      `--tls-cert-file=${apiServerCertificate.certFile}`,
      `--tls-private-key-file=${apiServerCertificate.keyFile}`,
      `--client-ca-file=${authority.certFile}`,
      '--authorization-mode=RBAC',
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${accountKeys.publicFile}`,
      `--service-account-signing-key-file=${accountKeys.privateFile}`,
      `--kubelet-certificate-authority=${authority.certFile}`,
      `--kubelet-client-certificate=${kubeletClient.certFile}`,
      `--kubelet-client-key=${kubeletClient.keyFile}`,
      '--kubelet-preferred-address-types=InternalIP',
      '--allow-privileged=true',
      `--audit-policy-file=${auditPolicy}`,
      `--audit-log-path=${auditLog}`,
      '--profiling=false',
    ]);

  const ready = async (apiServer: Server, until: AbortSignal): Promise<void> =>
    eventually(
      'the API server to be ready',
      async () => {
        if (!apiServer.isRunning())
          throw new Error(`kube-apiserver ended while starting:\n${await apiServer.logTail()}`);
        return (await isReady(server, authority.certFile, kubeletClient)) || undefined;
      },
      { timeoutMs: 120_000, everyMs: 50, signal: until, explain: () => apiServer.logTail() },
    ).then(() => {});

  const running: Server[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(running.map((process) => process.stop('SIGKILL')));
  };
  try {
    running.push(
      await launch('etcd', [
        `--data-dir=${join(folder, 'etcd')}`,
        `--listen-client-urls=${etcdUrl}`,
        `--advertise-client-urls=${etcdUrl}`,
        `--listen-peer-urls=http://${HOST}:${peerPort}`,
        `--initial-advertise-peer-urls=http://${HOST}:${peerPort}`,
        `--initial-cluster=default=http://${HOST}:${peerPort}`,
        '--unsafe-no-fsync',
        '--log-level=warn',
      ]),
    );
    let apiServer = await launchApiServer();
    running.push(apiServer);
    await ready(apiServer, signal);
    const manager = await launch('kube-controller-manager', [
      `--kubeconfig=${managerConfig}`,
      `--controllers=${CONTROLLERS.join(',')}`,
      `--service-account-private-key-file=${accountKeys.privateFile}`,
      `--root-ca-file=${authority.certFile}`,
      '--leader-elect=false',
      '--secure-port=0',
      '--kube-api-qps=200',
      '--kube-api-burst=400',
      // The agent reports every second; a lost node is noticed in seconds, not in the default's most of a minute.
      '--node-monitor-period=1s',
      '--node-monitor-grace-period=8s',
      '--profiling=false',
    ]);
    running.push(manager);
    return {
      server,
      etcd: etcdUrl,
      auditLog,
      certificates: { authority, apiServer: apiServerCertificate, kubeletClient },
      async stopApiServer(how) {
        // It would wait a minute for its clients' open connections to go; seconds are grace enough for a test.
        await apiServer.stop(how, 3_000);
      },
      async startApiServer(until) {
        if (apiServer.isRunning()) return;
        apiServer = await launchApiServer();
        running.push(apiServer);
        await ready(apiServer, until);
      },
      controllerManagerLog: () => manager.logTail(),
      signalControllerManager: (how) => void process.kill(manager.pid, how),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
