/** The operator as a process of its own, for tests: `node operator-process.ts '<options as JSON>'`. */
import { runOperator } from '../../src/cli/processes/operator.ts';

const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());
process.exitCode = await runOperator({ ...JSON.parse(process.argv[2] ?? '{}'), signal: stop.signal });
