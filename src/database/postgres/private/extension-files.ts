import { access, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { succeeds } from '../../../core/model/succeeds.ts';
import type { Programs } from '../programs.ts';

/**
 * Which of these extensions have no control file next to the server programs: without a server that could be asked.
 * None if the folder of the control files is not found.
 */
export async function extensionsWithoutFiles(
  { folder, major }: Pick<Programs, 'folder' | 'major'>,
  names: readonly string[],
): Promise<string[]> {
  const exists = (path: string) => succeeds(access(path));
  // A server looks for its files from where its program is, not from a link to it.
  const programs = await realpath(join(folder, 'postgres')).then(dirname, () => folder);
  for (const share of SHARE_FOLDERS) {
    const controls = join(programs, share(major), 'extension');
    // Every server has this one.
    if (!(await exists(join(controls, 'plpgsql.control')))) continue;
    const there = await Promise.all(names.map((name) => exists(join(controls, `${name}.control`))));
    return names.filter((_, index) => there[index] === false);
  }
  return [];
}

/** From the folder of the programs: of a build from source, of PGDG for Red Hat, of Debian, of Alpine. */
const SHARE_FOLDERS: readonly ((major: number) => string)[] = [
  () => '../share/postgresql',
  () => '../share',
  (major) => `../../../../share/postgresql/${major}`,
  (major) => `../../share/postgresql${major}`,
];
