import type { Reason } from '../model/reason.ts';
import type { ObservedRun } from './observed.ts';

interface PodProblem {
  reason: Reason;
  message: string;
}

/** Waiting reasons of the kubelet that are reported to the user. */
const WAITING = {
  ErrImagePull: 'ImagePullFailed',
  ImagePullBackOff: 'ImagePullFailed',
  InvalidImageName: 'ImagePullFailed',
  ErrImageNeverPull: 'ImagePullFailed',
  RegistryUnavailable: 'ImagePullFailed',
  CreateContainerConfigError: 'ReferenceNotFound',
} as const satisfies Record<string, Reason>;

/**
 * Why the pod of a run does not start, if known. `storageClass`: that of the claim for backups, if the operator created
 * it.
 */
export function podFailureReason(
  { pod, podRefused }: Pick<ObservedRun, 'pod' | 'podRefused'>,
  storageClass?: string,
): PodProblem | undefined {
  if (pod === undefined) return podRefused === undefined ? undefined : { reason: 'JobRefused', message: podRefused };
  const { waiting, unschedulable } = pod;
  if (waiting !== undefined && waiting.reason in WAITING) {
    const reason = WAITING[waiting.reason as keyof typeof WAITING];
    const text = `${waiting.reason}: ${waiting.message}`;
    return reason === 'ReferenceNotFound'
      ? { reason, message: `The pod cannot start: ${text}. Create or correct it; the run then starts automatically.` }
      : { reason, message: text };
  }
  if (unschedulable === undefined) return undefined;
  const unbound = unschedulable.includes('unbound immediate PersistentVolumeClaims') && pod.claims !== undefined;
  const missing = /persistentvolumeclaim "[^"]*" not found/.test(unschedulable);
  return {
    reason: missing ? 'ReferenceNotFound' : 'PodUnschedulable',
    message: unbound ? unboundText(unschedulable, pod.claims ?? [], storageClass) : unschedulable,
  };
}

/** The scheduler names neither the claim nor its storage class. */
function unboundText(message: string, claims: readonly string[], storageClass: string | undefined): string {
  const which = claims.length === 1 ? `The claim ${claims[0]} is` : `One of the claims ${claims.join(', ')} is`;
  const made = storageClass === undefined ? '' : ` The claim for backups has the storage class ${storageClass}.`;
  return `${which} not bound to a volume.${made} See: kubectl get pvc,storageclass. Scheduler: ${message}`;
}
