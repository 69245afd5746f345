/** The image of this project, as the agent runs it: this checkout and this Node. */
import { chmodSync, mkdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { MAIN } from '../support/program.ts';
import type { AgentImage } from './agent/image.ts';

export const ROOT = join(import.meta.dirname, '../..');
const CACHE = '/opt/compile-cache';

// At places of their own in the pod: a checkout below /tmp would be hidden by the pod's own /tmp.
export function checkoutImage(more: Pick<AgentImage, 'files' | 'workingDir'> = {}): AgentImage {
  return {
    ...more,
    command: ['/opt/node', join('/app', relative(ROOT, MAIN))],
    files: { '/app': ROOT, '/opt/node': process.execPath, ...more.files },
    caches: { [CACHE]: compileCache() },
    env: { NODE_NO_WARNINGS: '1', NODE_COMPILE_CACHE: CACHE },
  };
}

/** In the image it is filled when the image is built; here the first pods fill it. Node keeps one for each user. */
function compileCache(): string {
  const folder = join(ROOT, '.cache/compile-pods');
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o1777);
  return folder;
}
