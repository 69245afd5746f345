import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

const MODULE = import.meta.dirname;

/** The version of Kubernetes under test, as test/cluster/go.mod pins it, e.g. `v1.35.4`. */
export async function kubernetesVersion(): Promise<string> {
  const text = await readFile(join(MODULE, 'go.mod'), 'utf8');
  const version = /^\s*k8s\.io\/kubernetes (v\d+\.\d+\.\d+)/m.exec(text)?.[1];
  if (!version) throw new Error('test/cluster/go.mod names no version of k8s.io/kubernetes');
  return version;
}

/** `1.35` as `[1, 35]`. */
export function majorAndMinor(version: string): [major: number, minor: number] {
  const match = /^v?(\d+)\.(\d+)/.exec(version);
  if (!match) throw new Error(`"${version}" is not a version`);
  return [Number(match[1]), Number(match[2])];
}

/** Where built and unpacked programs are kept between test runs; a new go.sum makes a new folder. */
export async function cacheFolder(): Promise<string> {
  const sum = await readFile(join(MODULE, 'go.sum'));
  const hash = createHash('sha256').update(sum).digest('hex').slice(0, 16);
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'db-manager', `cluster-${hash}`);
}
