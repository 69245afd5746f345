import { execFileSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Joins the modules of src into chunks below `folder`. A command would otherwise spend a third of its time on finding and
 * reading 200 files. The library and the command line share their chunks: a class exists once in a process. Packages stay
 * files of their own, except zod: it consists of 95 files, which take twice as long to load as one.
 *
 * `more` are programs in addition to those of the package: a name below `folder`, without `.js`, and the module.
 */
export function bundle(folder: string, more: Record<string, string> = {}): void {
  const form = [
    '--bundle',
    '--splitting',
    '--format=esm',
    '--platform=node',
    '--target=node22.19',
    '--packages=external',
    '--alias:zod=./node_modules/zod/index.js',
  ];
  const others = Object.entries(more).map(([name, module]) => `${name}=${module}`);
  const names = ['--outbase=src', '--chunk-names=chunks/[name]-[hash]', `--outdir=${folder}`, '--log-level=warning'];
  execFileSync(
    join(import.meta.dirname, '../node_modules/.bin/esbuild'),
    ['src/index.ts', 'src/cli/main.ts', 'src/cli/kubectl-dbm.ts', ...others, ...form, ...names],
    {
      stdio: 'inherit',
    },
  );
  copyFileSync(join(import.meta.dirname, '../node_modules/zod/LICENSE'), join(folder, 'LICENSE-zod'));
}
