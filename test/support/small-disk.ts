import { execFileSync } from 'node:child_process';
import { temporaryFolder } from './lifetime.ts';

export interface SmallDisk {
  folder: string;
  unmount(): Promise<void>;
}

/** A file system of its own of that size, or undefined where this user may not mount one. */
export async function smallDisk(mebibytes: number): Promise<SmallDisk | undefined> {
  const folder = await temporaryFolder('disk');
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m,mode=0700`, 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  return {
    folder,
    async unmount() {
      execFileSync('umount', ['--lazy', folder]);
    },
  };
}
