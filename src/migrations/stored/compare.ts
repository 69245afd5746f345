import { createTwoFilesPatch, diffLines } from 'diff';
import type { MigrationFile } from '../../core/model/migration.ts';
import { contentsOf } from '../read.ts';

/** One file of a migration, as it was applied and as it is now; undefined where it does not exist. */
interface ComparedFile {
  name: string;
  applied: string | undefined;
  now: string | undefined;
}

/** The files of a migration next to those that were applied, with LF line ends as the checksum sees them. */
export async function compareFiles(
  folder: string,
  file: MigrationFile | undefined,
  applied: MigrationFile,
): Promise<ComparedFile[]> {
  const before = new Map(await textsOf(folder, applied));
  const after = new Map(file === undefined ? [] : await textsOf(folder, file));
  return [...new Set([...before.keys(), ...after.keys()])].map((name) => ({
    name,
    applied: before.get(name),
    now: after.get(name),
  }));
}

async function textsOf(folder: string, file: MigrationFile): Promise<[string, string][]> {
  const contents = contentsOf(folder, file);
  return file.files.map((name, index) => [name, String(contents[index] ?? '').replaceAll('\r\n', '\n')]);
}

/** A unified diff from the applied text to the file; empty if they are the same. */
export function unifiedDiff(files: readonly ComparedFile[]): string {
  return files
    .filter(({ applied, now }) => applied !== now)
    .map(({ name, applied, now }) =>
      createTwoFilesPatch(`${name} (applied)`, `${name} (file)`, applied ?? '', now ?? '', undefined, undefined, {
        context: 3,
      }).replace(/^=+\n/, ''),
    )
    .join('');
}

/** Where the first difference is and how many lines differ, without their text. Undefined if there is none. */
export function placeOfDifference(
  files: readonly ComparedFile[],
): { name: string; line: number; lines: number } | undefined {
  let first: { name: string; line: number } | undefined;
  let lines = 0;
  for (const { name, applied = '', now = '' } of files) {
    let line = 1;
    for (const { added, removed, count } of diffLines(applied, now)) {
      if (added || removed) {
        first ??= { name, line };
        lines += count;
      }
      if (!removed) line += count;
    }
  }
  return first === undefined ? undefined : { ...first, lines };
}
