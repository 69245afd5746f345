import { type Problem, ProblemError } from '../core/model/problem.ts';
import type { Revision } from '../core/model/revision.ts';
import { type NamedFile, readName } from './names.ts';

/** The files of one migration: `up` first, then the file that holds its way back, where that is one of its own. */
export interface Group {
  revision: Revision;
  files: string[];
}

/**
 * Puts files together that are one migration. `x.ts` beside its compiled `x.js` in the same folder is one (the
 * source is taken); any other two files of the same name are a mistake and are refused, naming both.
 */
export function groupFiles(paths: readonly string[]): Group[] {
  const named = paths.map((path) => ({ path, name: readName(path) }));
  for (const { path, name } of named) {
    if (name.kind === 'invalid') throw problem('InvalidMigration', `${path}: ${name.why}.`);
  }
  const undos = new Map<Revision, string>();
  for (const { path, name } of named) {
    if (name.kind !== 'undo') continue;
    const other = undos.get(name.revision);
    if (other !== undefined) throw duplicate(name.revision, other, path);
    undos.set(name.revision, path);
  }
  const groups = new Map<Revision, Group>();
  for (const { path, name } of named.filter(isMigration)) {
    const other = groups.get(name.revision)?.files[0];
    if (other === undefined) groups.set(name.revision, { revision: name.revision, files: [path] });
    else if (isCompiledTwin(other, path))
      groups.set(name.revision, { revision: name.revision, files: [source(other, path)] });
    else throw duplicate(name.revision, other, path);
  }
  for (const [revision, path] of undos) {
    const group = groups.get(revision);
    if (group === undefined)
      throw problem(
        'InvalidMigration',
        `${path} is the way back of ${revision}, but there is no file that goes there.`,
      );
    group.files.push(path);
  }
  return [...groups.values()];
}

function isMigration(item: {
  path: string;
  name: NamedFile;
}): item is { path: string; name: Extract<NamedFile, { kind: 'migration' }> } {
  return item.name.kind === 'migration';
}

function isCompiledTwin(a: string, b: string): boolean {
  const stem = (path: string) => path.replace(/\.[cm]?[jt]s$/, '');
  return stem(a) === stem(b) && a.endsWith('ts') !== b.endsWith('ts') && /s$/.test(a) && /s$/.test(b);
}

function source(a: string, b: string): string {
  return a.endsWith('ts') ? a : b;
}

function duplicate(revision: Revision, a: string, b: string): ProblemError {
  return problem(
    'DuplicateMigration',
    `${a} and ${b} are both the migration ${revision}. Delete or rename one of them.`,
  );
}

function problem(reason: Problem['reason'], message: string): ProblemError {
  return new ProblemError({ reason, message });
}
