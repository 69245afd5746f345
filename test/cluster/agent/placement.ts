/**
 * How a container's paths become real on this machine. There are two ways, tried in this order:
 *
 * `mounts` (needs root with CAP_SYS_ADMIN, as a virtual machine or a privileged CI job has): each container gets a
 * private mount namespace with an overlay of the machine's file system, so that volumes lie at their true paths, what a
 * process writes elsewhere is thrown away, and readOnlyRootFilesystem, runAsUser, fsGroup and dropped capabilities
 * really bite. This is the truthful way: a runner that forgets a writable folder fails here as in a cluster.
 *
 * `rewritten` (everywhere else): mount paths inside command, args and env values are replaced by the folder's own path,
 * also inside JSON and URLs. Paths that a program has built in, or reads from a file, are not seen; users and read-only
 * file systems are not enforced.
 *
 * Neither has network or process namespaces: a container shares 127.0.0.1 with the machine, and is not pid 1.
 */
import { runCommand } from '../../support/processes.ts';

export interface Bind {
  /** A folder or file of this machine. */
  source: string;
  /** Its absolute path inside the container. */
  target: string;
  kind: 'folder' | 'file';
  readOnly: boolean;
}

export interface ContainerPlan {
  argv: string[];
  env: Record<string, string>;
  workingDir: string;
  binds: Bind[];
  user: number;
  group: number;
  supplementalGroups: number[];
  readOnlyRoot: boolean;
  noNewPrivileges: boolean;
  dropAllCapabilities: boolean;
  /** An empty folder of this container for the placement's own use. */
  scratch: string;
}

export interface Command {
  command: string;
  args: string[];
  env: Record<string, string>;
  cwd: string;
}

export type Placement = (plan: ContainerPlan) => Command;

const SETUP = `
set -eu
scratch=$1 readonly=$2
shift 2
root=$scratch/root
mkdir -p "$root" "$scratch/layer"
mount -t tmpfs -o mode=0755 tmpfs "$scratch/layer"
mkdir "$scratch/layer/upper" "$scratch/layer/work"
mount -t overlay overlay -o "lowerdir=/,upperdir=$scratch/layer/upper,workdir=$scratch/layer/work" "$root"
while read -r _ at _; do
  case $at in /|/proc|/proc/*|/sys|/sys/*|/dev|/dev/*|"$scratch"/*|*\\\\*) continue ;; esac
  [ -e "$root$at" ] || continue
  mount --bind "$at" "$root$at"
  [ "$readonly" = no ] || mount -o remount,bind,ro "$root$at"
done < /proc/self/mounts
mount --rbind /proc "$root/proc"
mount --rbind /sys "$root/sys"
mount -t tmpfs -o mode=0755 tmpfs "$root/dev"
for device in null zero full random urandom tty; do
  : > "$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
ln -s /proc/self/fd "$root/dev/fd"
ln -s /proc/self/fd/0 "$root/dev/stdin"
ln -s /proc/self/fd/1 "$root/dev/stdout"
ln -s /proc/self/fd/2 "$root/dev/stderr"
mkdir "$root/dev/shm"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
while [ "$1" != -- ]; do
  # As the container sees it: /var/run is a link to /run, and must not lead out to the machine's own.
  kind=$1 access=$2 source=$3 target=$root$(chroot "$root" readlink -m "$4")
  shift 4
  if [ "$kind" = folder ]; then mkdir -p "$target"; else mkdir -p "\${target%/*}"; [ -e "$target" ] || : > "$target"; fi
  mount --bind "$source" "$target"
  [ "$access" = rw ] || mount -o remount,bind,ro "$target"
done
shift
[ "$readonly" = no ] || mount -o remount,ro "$root"
exec chroot "$root" "$@"
`;

/** Real mounts in a private namespace. */
export const mounts: Placement = (plan) => ({
  command: 'unshare',
  args: [
    ...['--mount', '--propagation', 'private', '/bin/sh', '-c', SETUP, 'container'],
    ...[plan.scratch, plan.readOnlyRoot ? 'yes' : 'no'],
    ...plan.binds.flatMap(({ kind, readOnly, source, target }) => [kind, readOnly ? 'ro' : 'rw', source, target]),
    '--',
    ...['setpriv', '--reuid', `${plan.user}`, '--regid', `${plan.group}`],
    ...(plan.supplementalGroups.length > 0 ? ['--groups', plan.supplementalGroups.join(',')] : ['--clear-groups']),
    ...(plan.noNewPrivileges ? ['--no-new-privs'] : []),
    ...(plan.dropAllCapabilities ? ['--bounding-set=-all', '--inh-caps=-all'] : []),
    ...['--', 'env', `--chdir=${plan.workingDir}`, `PATH=${plan.env.PATH ?? ''}`, ...plan.argv],
  ],
  // The shell needs its own PATH. (It also drops variables whose names are not words, such as `a.b`.)
  env: { ...plan.env, PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
  cwd: '/',
});

const TERMINATION_LOG = '/dev/termination-log';

/** Mount paths replaced by the volumes' own. */
export const rewritten: Placement = (plan) => {
  // The longest path first, so that /data/backups is not taken for a file in /data.
  const binds = plan.binds.toSorted((a, b) => b.target.length - a.target.length);
  const sources = new Map(binds.map(({ source, target }) => [target, source]));
  const targets = binds.map(({ target }) => target.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|');
  const pattern = new RegExp(`(?<![\\w.-])(?:${targets})(?![\\w.-])`, 'g');
  // In one pass: a volume's own path may hold the path of another mount, such as /tmp.
  const rewrite = (text: string): string =>
    binds.length === 0 ? text : text.replaceAll(pattern, (target) => sources.get(target) ?? target);
  const [command = '', ...args] = plan.argv.map(rewrite);
  // The usual path is in no argument and no variable. The runner has a variable for another one.
  const log = sources.get(TERMINATION_LOG);
  const given = Object.fromEntries(Object.entries(plan.env).map(([name, value]) => [name, rewrite(value)]));
  const env = { ...(log === undefined ? {} : { DB_MANAGER_TERMINATION_LOG: log }), ...given };
  return { command, args, env, cwd: rewrite(plan.workingDir) };
};

let chosen: Promise<Placement> | undefined;

/** The most truthful placement that works on this machine. `TEST_AGENT_PLACEMENT=mounts|rewritten` decides otherwise. */
export function choosePlacement(scratch: string): Promise<Placement> {
  chosen ??= (async () => {
    switch (process.env.TEST_AGENT_PLACEMENT) {
      case 'mounts':
        return mounts;
      case 'rewritten':
        return rewritten;
      default:
        return (await works(scratch)) ? mounts : rewritten;
    }
  })();
  return chosen;
}

async function works(scratch: string): Promise<boolean> {
  if (process.getuid?.() !== 0) return false;
  const { command, args, env } = mounts({
    argv: ['true'],
    env: { PATH: '/usr/bin:/bin' },
    workingDir: '/',
    binds: [],
    user: 65_532,
    group: 65_532,
    supplementalGroups: [],
    readOnlyRoot: true,
    noNewPrivileges: true,
    dropAllCapabilities: true,
    scratch,
  });
  return (await runCommand(command, args, { env })).code === 0;
}
