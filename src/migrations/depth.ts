import { isVersioned, placeOf, suffixOf } from './names.ts';
import { fileOf, folderOf } from './paths.ts';

/** A file that is not taken for a migration, and why. */
export interface LeftOut {
  path: string;
  why: string;
}

interface Depth {
  kept: string[];
  leftOut: LeftOut[];
  /** The folder of the included files: `.`, or the one folder that contains them. */
  home: string;
}

/** Folders that by convention contain no migrations to run, next to or below those that do. */
const BY_CUSTOM =
  /^(?:archived?s?|old|legacy|deprecated|disabled|drafts?|templates?|examples?|samples?|fixtures?|libs?|scripts?|helpers?|util(?:s|ities)?|shared|common|tests?|seed(?:s|er|ers)?|models?|snapshots?|meta|rollbacks?|undo|downs?|sqls)$/i;

/**
 * Which of the files that could run are in a folder that their tool reads. The migrations folder is the given one. If
 * it contains no file with a version, it is the nearest folders that do (`migrations/versions/`). Deeper files are read
 * only if their tool reads them: Flyway, the globs of Umzug and plain SQL, but not sequelize-cli, golang-migrate, goose
 * and dbmate. `textOf` is called for deeper files only.
 */
export async function withinDepth(paths: readonly string[], textOf: (path: string) => Promise<string>): Promise<Depth> {
  const all = new Set(paths);
  const places = new Map(paths.map((path) => [path, placeOf(path, all)]));
  const versioned = [...places.values()].filter(isVersioned);
  const depths = versioned.map(depthOf);
  const base = depths.length === 0 ? 0 : Math.min(...depths);
  const near = new Set(versioned.filter((path) => depthOf(path) === base).map(folderOf));
  const usual = [...near].filter((folder) => !byCustom(folder));
  const bases = new Set(usual.length > 0 ? usual : near);
  if (depths.length === 0) bases.add('.');
  const [home = '.', ...others] = bases;
  const result: Depth = { kept: [], leftOut: [], home: others.length === 0 ? home : '.' };
  for (const [path, place] of places) {
    const why = bases.has(folderOf(place)) ? undefined : await whyNot(place, bases, () => textOf(path));
    if (why === undefined) result.kept.push(path);
    else result.leftOut.push({ path, why });
  }
  return result;
}

async function whyNot(
  path: string,
  bases: ReadonlySet<string>,
  textOf: () => Promise<string>,
): Promise<string | undefined> {
  if (!isVersioned(path)) {
    return depthOf(path) === 0 ? `not in ${[...bases].sort()[0]}/ and without a version` : 'nested, without a version';
  }
  if (/^[VUBR]/.test(fileOf(path))) return undefined;
  if (folderOf(path).split('/').some(byCustom)) return 'in a folder that usually contains no migrations';
  if (/\.(?:up|down)\.sql$/i.test(path)) return 'nested: golang-migrate does not read folders in folders';
  const tool = flatTool(path, await textOf());
  return tool === undefined ? undefined : `nested: ${tool} does not read folders in folders`;
}

/** The tool of a file, if that tool reads one folder and no subfolders. */
function flatTool(path: string, text: string): string | undefined {
  if (suffixOf(path) === '.sql') {
    if (/^\s*--\s*migrate:up\b/im.test(text)) return 'dbmate';
    return /^\s*--\s*\+goose\b/im.test(text) ? 'goose' : undefined;
  }
  return /\bcontext\b/.test(text) ? undefined : 'sequelize-cli';
}

function byCustom(folder: string): boolean {
  return BY_CUSTOM.test(fileOf(folder));
}

function depthOf(path: string): number {
  return path.includes('/') ? path.split('/').length - 1 : 0;
}
