/** The messages between scripts/test.ts and its workers. */

export interface TestResult {
  title: string;
  state: 'passed' | 'failed' | 'skipped';
  ms: number;
  error?: string;
}

export interface FileResult {
  file: string;
  tests: TestResult[];
  seconds: number;
  /** CPU time of the worker and of the processes it has waited for. */
  cpuSeconds: number;
  /** What the heap of the worker holds after the file, in bytes. */
  heapBytes: number;
  /** What the file system of the worker's temporary files holds, in bytes. */
  temporaryBytes: number;
}

export type ToWorker = { kind: 'run'; file: string; grep?: string } | { kind: 'end' };

export type FromWorker = { kind: 'ready' } | { kind: 'ran'; result: FileResult } | { kind: 'closed'; error?: string };
