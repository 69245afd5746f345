import { Worker } from 'node:worker_threads';

/** Processor time to load the tests and to run them all, and of one change after that: its tests take milliseconds. */
const LIMIT_MS = { first: 60_000, later: 5_000 };

/**
 * Ends this process with SIGKILL when it has used too much processor time since the last call of the returned function.
 * Not the time of the clock: a process of a busy machine waits most of it.
 */
export function endWhenStuck(): () => void {
  const progress = new Int32Array(new SharedArrayBuffer(4));
  const check = `const { workerData: progress } = require('node:worker_threads');
    const used = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1000; };
    let [at, since] = [0, used()];
    setInterval(() => {
      if (progress[0] !== at) [at, since] = [progress[0], used()];
      else if (used() - since > (at < 2 ? ${LIMIT_MS.first} : ${LIMIT_MS.later})) process.kill(process.pid, 'SIGKILL');
    }, 500);`;
  new Worker(check, { eval: true, workerData: progress }).unref();
  return () => void Atomics.add(progress, 0, 1);
}
