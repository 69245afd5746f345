import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Digest of the inputs of a run: the text of the manifest, and name, size and time of every migration. The kubelet
 * replaces a mounted ConfigMap as a whole, within about a minute of its change, so two equal digests in a row are a
 * consistent state. A file that cannot be read counts as absent; the run reports the error.
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
