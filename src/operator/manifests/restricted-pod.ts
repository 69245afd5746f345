import type { V1Container, V1PodSpec } from '@kubernetes/client-node';
import { withoutUndefined } from '../../core/model/parts.ts';
import { RUNNER_CONTAINER } from '../names.ts';
import type { MountedVolume } from './mounted-volume.ts';

const USER = 1000;
/** Time for a runner to stop at a safe point. */
const GRACE_SECONDS = 60;

/** The fields of the pod of each Job that are the same: it is not restarted, and meets Pod Security `restricted`. */
export function restrictedPod(
  volumes: readonly MountedVolume[],
  { runAsUser = USER, fsGroup = USER }: { runAsUser?: number; fsGroup?: number } = {},
): Omit<V1PodSpec, 'containers'> {
  return {
    restartPolicy: 'Never',
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: GRACE_SECONDS,
    securityContext: {
      runAsNonRoot: true,
      runAsUser,
      runAsGroup: runAsUser,
      fsGroup,
      fsGroupChangePolicy: 'OnRootMismatch',
      seccompProfile: { type: 'RuntimeDefault' },
    },
    volumes: volumes.map(({ volume }) => volume),
  };
}

/** The container of the runner in it. */
export function restrictedRunner(
  volumes: readonly MountedVolume[],
  container: Pick<V1Container, 'args' | 'env' | 'image' | 'imagePullPolicy' | 'resources'>,
): V1Container {
  return {
    name: RUNNER_CONTAINER,
    ...withoutUndefined(container),
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    volumeMounts: volumes.map(({ volume: { name }, mount }) => ({ name, ...mount })),
  };
}
