import type { V1Container, V1EnvFromSource, V1EnvVar, V1PodSpec } from '@kubernetes/client-node';
import { LAST_STAGE } from '../../core/model/request.ts';
import type { DatabaseMigration } from '../../core/model/resource.ts';
import { MOUNTS } from '../names.ts';

/** The first process in the containers of a command, in the image of the runner and in the pod. */
const PROGRAM = { image: '/app/dist/command/entrypoint', pod: `${MOUNTS.command}/entrypoint` };

/**
 * The containers of a run: the runner alone, or around the command of another tool. Then the kubelet starts them in this
 * order, each of the middle ones after the end of the one before:
 * the program is copied ▸ runner (a sidecar) ▸ command on the copy ▸ command on the target ▸ end
 */
export function containersOf(
  { spec }: DatabaseMigration,
  runner: V1Container,
): Pick<V1PodSpec, 'initContainers' | 'containers'> {
  const { command } = spec.migrations;
  if (command === undefined) return { containers: [runner] };
  const shared = { name: 'command', mountPath: MOUNTS.command };
  const { image, imagePullPolicy, securityContext } = runner;
  const ours = { image, imagePullPolicy, securityContext };
  const words = [...command.command, ...command.args];
  const stage = (name: string, run: readonly string[]): V1Container => ({
    name,
    image: command.image,
    ...(command.pullPolicy === undefined ? {} : { imagePullPolicy: command.pullPolicy }),
    command: [PROGRAM.pod, name, ...run],
    ...(command.workingDir === undefined ? {} : { workingDir: command.workingDir }),
    env: [{ name: 'HOME', value: '/tmp' }, ...((command.env ?? []) as unknown as V1EnvVar[])],
    ...(command.envFrom === undefined ? {} : { envFrom: command.envFrom as unknown as V1EnvFromSource[] }),
    ...(command.resources === undefined ? {} : { resources: command.resources }),
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    volumeMounts: [
      { ...shared, readOnly: true },
      { name: 'temporary', mountPath: MOUNTS.temporary },
      ...(spec.database.sqlite === undefined ? [] : [{ name: 'database', mountPath: MOUNTS.database }]),
    ],
  });
  return {
    initContainers: [
      { ...ours, name: 'prepare', command: ['cp', PROGRAM.image, PROGRAM.pod], volumeMounts: [shared] },
      { ...runner, restartPolicy: 'Always' },
      stage('rehearse', words),
      stage('apply', words),
      ...(command.down === undefined ? [] : [stage('down', command.down)]),
    ],
    containers: [
      { ...ours, name: LAST_STAGE, command: [PROGRAM.pod, LAST_STAGE], volumeMounts: [{ ...shared, readOnly: true }] },
    ],
  };
}
