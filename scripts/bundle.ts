import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/**
 * Joins the modules of src into chunks below `folder`. A command would otherwise spend a third of its time on finding and
 * reading 200 files. The library and the command line share their chunks: a class exists once in a process.
 */
export function bundle(folder: string): void {
  const form = [
    '--bundle',
    '--splitting',
    '--format=esm',
    '--platform=node',
    '--target=node22.19',
    '--packages=external',
  ];
  const names = ['--chunk-names=chunks/[name]-[hash]', `--outdir=${folder}`, '--log-level=warning'];
  execFileSync(
    join(import.meta.dirname, '../node_modules/.bin/esbuild'),
    ['src/index.ts', 'src/cli/main.ts', 'src/cli/kubectl-dbm.ts', ...form, ...names],
    {
      stdio: 'inherit',
    },
  );
}
