/**
 * Ends this process when its parent has ended, also while a changed loop never ends: a thread checks it, and the main thread
 * takes no part.
 */
import { Worker } from 'node:worker_threads';

export function endWithParent(): void {
  const check = `const parent = process.ppid;
    setInterval(() => process.ppid === parent || process.kill(process.pid, 'SIGKILL'), 1000);`;
  new Worker(check, { eval: true }).unref();
}
