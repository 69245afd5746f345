import type { SourcePosition } from './problem.ts';

export type Severity = 'error' | 'warning' | 'notice';

/** One thing that a safety rule says about a plan. */
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

/** One check of the database's surroundings, made before a run touches anything. */
export interface CheckResult {
  name: string;
  result: 'passed' | 'warning' | 'failed';
  message: string;
}
