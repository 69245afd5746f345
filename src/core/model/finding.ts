import type { SourcePosition } from './problem.ts';

export type Severity = 'error' | 'warning' | 'notice';

/** One result of a safety rule for a plan. */
export interface Finding {
  /** The rule's id in kebab case, for example `index-without-concurrently`. */
  rule: string;
  severity: Severity;
  message: string;
  /** The safe alternative, ready to type. */
  advice: string;
  migration?: string;
  statement?: string;
  position?: SourcePosition;
}

/** One preflight check of the environment of the database, before a run changes anything. */
export interface CheckResult {
  name: string;
  result: 'passed' | 'warning' | 'failed';
  message: string;
}
