/** `lint --json` of a folder as a process of its own, which ends with 0 though there are findings: only its time counts. */
import { createIo } from '../../src/cli/io.ts';
import { createProgram } from '../../src/cli/program.ts';

const [folder = '', dialect = ''] = process.argv.slice(2);
const io = { ...createIo(process), setExitCode: () => {} };
await createProgram(io).parseAsync(['node', 'db-manager', 'lint', folder, '--dialect', dialect, '--json']);
