/**
 * A report as a line is at most this long, in bytes: see `boundReport`. A longer line is not a report, and is not parsed.
 */
export const REPORT_BYTES = 262_144;

/** Kubernetes keeps this many bytes of a container's termination message. */
export const TERMINATION_MESSAGE_BYTES = 4096;
