import { dirname } from 'node:path/posix';
import type { LeftOut } from './depth.ts';

/** A folder of more files than this is named as a whole. */
const SINGLY = 3;

/** One sentence that names every file which is not taken for a migration, with why; undefined where there is none. */
export function describeLeftOut(leftOut: readonly LeftOut[]): string | undefined {
  if (leftOut.length === 0) return undefined;
  const byWhy = Map.groupBy(leftOut, ({ why }) => why);
  const parts = [...byWhy].map(([why, files]) => `${namesOf(files).join(', ')} (${why})`);
  return `Left out, not migrations: ${parts.join('; ')}.`;
}

function namesOf(files: readonly LeftOut[]): string[] {
  const byFolder = Map.groupBy(files, ({ path }) => dirname(path));
  return [...byFolder].flatMap(([folder, inside]) =>
    folder === '.' || inside.length <= SINGLY
      ? inside.map(({ path }) => path)
      : [`the ${inside.length} files of ${folder}/`],
  );
}
