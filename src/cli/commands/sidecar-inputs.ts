import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Digest of what a run is made from: the manifest's text, and name, size and time of every migration. A ConfigMap that
 * is mounted is swapped as a whole by the kubelet, within about a minute of its change, so a digest that stays is a
 * state that was there. What cannot be read counts as absent: the run says why.
 */
export async function inputsOf(manifest: string, migrationsFolder: string | undefined): Promise<string> {
  const hash = createHash('sha256').update(await readFile(manifest).catch(() => 'absent'));
  if (migrationsFolder !== undefined) {
    const names = await readdir(migrationsFolder, { recursive: true }).catch(() => []);
    for (const name of names.filter((each) => !each.startsWith('..')).sort()) {
      const found = await stat(join(migrationsFolder, name)).catch(() => undefined);
      hash.update(`${name} ${found?.size} ${found?.mtimeMs} ${found?.ino}\n`);
    }
  }
  return hash.digest('hex');
}
