/**
 * Links the programs of a whole cluster, and kubectl, into a folder: `node scripts/e2e-programs.ts FOLDER`. These are
 * the programs of the cluster tests, built once into a cache, and the scheduler and the kubelet.
 */
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { CONTROL_PLANE_BINARIES, findBinary } from '../test/cluster/binaries.ts';
import { findKubectl } from '../test/cluster/clients.ts';

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: node scripts/e2e-programs.ts FOLDER');
mkdirSync(folder, { recursive: true });
for (const name of [...CONTROL_PLANE_BINARIES, 'kube-scheduler', 'kubelet'] as const) {
  symlinkSync(await findBinary(name), join(folder, name));
}
symlinkSync(await findKubectl(), join(folder, 'kubectl'));
