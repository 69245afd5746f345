import { chmod, mkdir, stat, writeFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import type { V1Container, V1Pod } from '@kubernetes/client-node';
import { resolveEnvironment } from './environment.ts';
import { expand } from './expand.ts';
import type { AgentImage } from './image.ts';
import { type Lookup, NotYet } from './lookup.ts';
import type { Bind, ContainerPlan } from './placement.ts';
import type { VolumeSource } from './volumes.ts';

const DEFAULT_TERMINATION_LOG = '/dev/termination-log';

export interface PlanInput {
  pod: V1Pod;
  container: V1Container;
  image: AgentImage;
  volumes: ReadonlyMap<string, VolumeSource>;
  lookup: Lookup;
  /** An empty folder for this one run of the container. */
  folder: string;
  /** Variables that every container gets, such as the API server's address. */
  runtimeEnv: Record<string, string>;
}

/** Everything about a container's process, and where its termination message will lie. Throws NotYet. */
export async function planContainer(input: PlanInput): Promise<{ plan: ContainerPlan; terminationFile: string }> {
  const { pod, container, image, lookup, folder, runtimeEnv } = input;
  const env = await resolveEnvironment(pod, container, image, lookup, runtimeEnv);
  const argv = [...(container.command ?? image.command ?? []), ...(container.args ?? [])];
  if (argv.length === 0) throw new NotYet('CreateContainerError', 'no command specified');

  const terminationFile = join(folder, 'termination-log');
  await mkdir(folder, { recursive: true });
  await writeFile(terminationFile, '');
  await chmod(terminationFile, 0o666);
  const scratch = join(folder, 'scratch');
  await mkdir(scratch, { recursive: true });
  return {
    terminationFile,
    plan: {
      argv: argv.map((each) => expand(each, env)),
      env,
      workingDir: container.workingDir ?? image.workingDir ?? '/',
      binds: [
        ...(await imageBinds(image.files ?? {}, '')),
        ...(await imageBinds(image.caches ?? {}, '')).map((bind) => ({ ...bind, readOnly: false })),
        ...(await volumeBinds(input)),
        {
          source: terminationFile,
          target: container.terminationMessagePath ?? DEFAULT_TERMINATION_LOG,
          kind: 'file',
          readOnly: false,
        },
      ],
      ...identity(pod, container, image),
      scratch,
    },
  };
}

function identity(pod: V1Pod, container: V1Container, image: AgentImage) {
  const ofPod = pod.spec?.securityContext ?? {};
  const own = container.securityContext ?? {};
  const user = own.runAsUser ?? ofPod.runAsUser ?? image.user ?? 0;
  if ((own.runAsNonRoot ?? ofPod.runAsNonRoot) && user === 0) {
    throw new NotYet(
      'CreateContainerConfigError',
      `container has runAsNonRoot and image will run as root (pod: "${pod.metadata?.name}_${pod.metadata?.namespace}` +
        `(${pod.metadata?.uid})", container: ${container.name})`,
    );
  }
  return {
    user,
    group: own.runAsGroup ?? ofPod.runAsGroup ?? 0,
    supplementalGroups: [...(ofPod.supplementalGroups ?? []), ...(ofPod.fsGroup === undefined ? [] : [ofPod.fsGroup])],
    readOnlyRoot: own.readOnlyRootFilesystem === true,
    noNewPrivileges: own.allowPrivilegeEscalation === false,
    dropAllCapabilities: own.capabilities?.drop?.includes('ALL') === true,
  };
}

async function volumeBinds({ container, volumes }: PlanInput): Promise<Bind[]> {
  const binds: Bind[] = [];
  // Outer mounts before inner ones, in any order of the manifest.
  const mounts = (container.volumeMounts ?? []).toSorted((a, b) => a.mountPath.length - b.mountPath.length);
  for (const { name, mountPath, subPath, readOnly } of mounts) {
    const source = volumes.get(name);
    if (!source) throw new NotYet('CreateContainerConfigError', `volume ${name} is mounted but not declared`);
    if (source.kind === 'image') {
      binds.push(...(await imageBinds(withinSubPath(source.files, subPath), mountPath)));
      continue;
    }
    const path = subPath ? join(source.path, subPath) : source.path;
    const kind = await kindOf(path, subPath !== undefined);
    binds.push({ source: path, target: mountPath, kind, readOnly: readOnly === true || source.readOnly });
  }
  return binds;
}

async function imageBinds(files: Record<string, string>, under: string): Promise<Bind[]> {
  const binds: Bind[] = [];
  for (const [path, source] of Object.entries(files)) {
    if (!isAbsolute(path)) throw new Error(`the image's file ${path} has no absolute path`);
    const target = path === '/' ? under : join(under || '/', path);
    binds.push({ source, target, kind: await kindOf(source, false), readOnly: true });
  }
  return binds;
}

// Of an image with /app and /app/lib, the subPath "app" shows the first as the volume's root.
function withinSubPath(files: Record<string, string>, subPath: string | undefined): Record<string, string> {
  if (!subPath) return files;
  const root = join('/', subPath);
  const within: Record<string, string> = {};
  for (const [path, source] of Object.entries(files)) {
    if (path === root) within['/'] = source;
    else if (path.startsWith(`${root}/`)) within[path.slice(root.length)] = source;
    else if (root.startsWith(`${path}/`)) within['/'] = join(source, root.slice(path.length));
  }
  return within;
}

async function kindOf(path: string, isSubPath: boolean): Promise<Bind['kind']> {
  const found = await stat(path).catch(() => undefined);
  if (found) return found.isDirectory() ? 'folder' : 'file';
  if (!isSubPath) throw new NotYet('ContainerCreating', `MountVolume.SetUp failed: ${path} does not exist`);
  await mkdir(path, { recursive: true });
  return 'folder';
}
