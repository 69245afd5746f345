/**
 * The command line as tests start it. scripts/test.ts joins the modules of src into few files, as the package has them: a
 * process takes a third less CPU time, and the suite starts hundreds. A file that mocha runs alone starts the sources.
 */
import { join, resolve } from 'node:path';

const { TEST_PROGRAMS: joined } = process.env;

/** `db-manager`; an absolute path. */
export const MAIN = joined ? join(joined, 'cli/main.js') : resolve('src/cli/main.ts');
/** `kubectl-dbm`; an absolute path. */
export const KUBECTL_DBM = joined ? join(joined, 'cli/kubectl-dbm.js') : resolve('src/cli/kubectl-dbm.ts');
/** The operator with the options of a test, as JSON; an absolute path. */
export const OPERATOR = resolve(joined ? join(joined, 'operator-process.js') : 'test/cluster/operator-process.ts');
