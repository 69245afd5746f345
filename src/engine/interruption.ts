import type { Problem } from '../core/model/problem.ts';

/**
 * Why a run stopped before its end: its own deadline, or a request. `stopped` says what was finished: `between two
 * steps`.
 */
export function interruption(signal: AbortSignal, stopped: string): Problem {
  return passedDeadline(signal)
    ? { reason: 'DeadlineExceeded', message: `The run took longer than timeouts.run and stopped ${stopped}.` }
    : { reason: 'Interrupted', message: `The run stopped on request ${stopped}. Run it again to continue.` };
}

/** `AbortSignal.timeout` was first, not a request to stop. */
export function passedDeadline({ reason }: AbortSignal): boolean {
  return reason instanceof DOMException && reason.name === 'TimeoutError';
}
