import type { Reason } from '../model/reason.ts';
import type { ObservedRun } from './observed.ts';

export interface PodProblem {
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

/** Why the pod of a run does not start, if known. */
export function podFailureReason({ pod, podRefused }: Pick<ObservedRun, 'pod' | 'podRefused'>): PodProblem | undefined {
  if (pod === undefined) return podRefused === undefined ? undefined : { reason: 'JobRefused', message: podRefused };
  const { waiting, unschedulable } = pod;
  if (waiting !== undefined && waiting.reason in WAITING) {
    const reason = WAITING[waiting.reason as keyof typeof WAITING];
    return { reason, message: `${waiting.reason}: ${waiting.message}` };
  }
  if (unschedulable === undefined) return undefined;
  const missing = /persistentvolumeclaim "[^"]*" not found/.test(unschedulable);
  return { reason: missing ? 'ReferenceNotFound' : 'PodUnschedulable', message: unschedulable };
}
