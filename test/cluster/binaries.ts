/**
 * The programs of a real control plane: from `KUBEBUILDER_ASSETS`, else built once from test/cluster/go.mod into a cache
 * folder (about five minutes on two cores, then never again until go.sum changes).
 */
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { oneAtATime } from '../support/one-at-a-time.ts';
import { findOnPath, mustRun } from '../support/processes.ts';
import { cacheFolder, kubernetesVersion, majorAndMinor } from './versions.ts';

const PACKAGES = {
  etcd: 'go.etcd.io/etcd/server/v3',
  'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
  'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
  'kube-scheduler': 'k8s.io/kubernetes/cmd/kube-scheduler',
  kubelet: 'k8s.io/kubernetes/cmd/kubelet',
} as const;

export type BinaryName = keyof typeof PACKAGES;

export const CONTROL_PLANE_BINARIES = ['etcd', 'kube-apiserver', 'kube-controller-manager'] as const;

const BUILD_TIMEOUT_MS = 30 * 60_000;

/** Why the control plane cannot run on this machine, or undefined where it can (perhaps after a build). */
export async function whyNoControlPlane(): Promise<string | undefined> {
  for (const name of CONTROL_PLANE_BINARIES) {
    if ((await installed(name)) ?? findOnPath('go')) continue;
    return (
      `there is no ${name} in KUBEBUILDER_ASSETS (${process.env.KUBEBUILDER_ASSETS || 'not set'}) ` +
      'and no "go" on PATH to build it with. Install Go, or set KUBEBUILDER_ASSETS to a folder with ' +
      CONTROL_PLANE_BINARIES.join(', ')
    );
  }
  return undefined;
}

/**
 * The path of a program; builds it when it is neither given nor cached. Throws when it cannot be built. Processes of the
 * same test run that need it too wait for the first instead of building it again.
 */
export async function findBinary(name: BinaryName): Promise<string> {
  const found = await installed(name);
  if (found !== undefined) return found;
  const folder = await cacheFolder();
  await mkdir(folder, { recursive: true });
  return oneAtATime(join(folder, 'build.lock'), async () => (await installed(name)) ?? (await buildBinary(name)));
}

async function installed(name: BinaryName): Promise<string | undefined> {
  const { KUBEBUILDER_ASSETS } = process.env;
  return [...(KUBEBUILDER_ASSETS ? [KUBEBUILDER_ASSETS] : []), await cacheFolder()]
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
}

/** Builds a program into the cache and returns its path. It appears there whole or not at all. */
async function buildBinary(name: BinaryName): Promise<string> {
  const go = findOnPath('go');
  if (!go) throw new Error(`cannot build ${name}: there is no "go" on PATH`);
  const folder = await cacheFolder();
  const target = join(folder, name);
  const unfinished = `${target}.${process.pid}.tmp`;
  await mkdir(folder, { recursive: true });
  console.error(`building ${name} into ${folder}, once; this takes minutes`);
  const started = Date.now();
  try {
    await mustRun(go, ['build', '-trimpath', '-buildvcs=false', ...(await flags()), '-o', unfinished, PACKAGES[name]], {
      cwd: import.meta.dirname,
      // GOGC: scripts/test.ts gives programs more memory than a compiler should take.
      env: { ...process.env, GOGC: '100', CGO_ENABLED: '0', GOFLAGS: '-mod=readonly', GOWORK: 'off' },
      timeoutMs: BUILD_TIMEOUT_MS,
    });
    await rename(unfinished, target);
  } finally {
    await rm(unfinished, { force: true });
  }
  console.error(`built ${name} in ${Math.round((Date.now() - started) / 1000)} s`);
  return target;
}

// Without its version a program reports v0.0.0, and the API server refuses to judge version skew and feature gates.
async function flags(): Promise<string[]> {
  const version = await kubernetesVersion();
  const [major, minor] = majorAndMinor(version);
  const values = { gitVersion: version, gitMajor: major, gitMinor: minor };
  const settings = Object.entries(values).map(([key, value]) => `-X k8s.io/component-base/version.${key}=${value}`);
  return ['-ldflags', `-s -w ${settings.join(' ')}`];
}
