import { extname } from 'node:path';
import { parseRevision, type Revision } from '../core/model/revision.ts';

/** What a file's name says. `undo` files hold the way back of another file's revision. */
export type NamedFile =
  | { kind: 'migration'; revision: Revision; family: 'code' | 'sql' | 'golang-migrate' | 'flyway' }
  | { kind: 'undo'; revision: Revision; family: 'golang-migrate' | 'flyway' }
  | { kind: 'other' }
  | { kind: 'invalid'; why: string };

const CODE = new Set(['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs']);

/** Reads a path relative to the migrations folder, with forward slashes. Nested folders are not part of the name. */
export function readName(path: string): NamedFile {
  const base = path.slice(path.lastIndexOf('/') + 1);
  if (/\.d\.[cm]?ts$|\.map$|\.(test|spec)\.[cm]?[jt]s$/.test(base)) return { kind: 'other' };
  const extension = extname(base);
  const stem = base.slice(0, -extension.length || undefined);
  if (CODE.has(extension)) return stem === 'index' ? { kind: 'other' } : named(stem, 'code');
  if (extension !== '.sql') return { kind: 'other' };
  if (stem.endsWith('.up')) return named(stem.slice(0, -3), 'golang-migrate');
  if (stem.endsWith('.down')) return undo(stem.slice(0, -5), 'golang-migrate');
  if (/^V\d[\d._]*__/.test(stem)) return named(stem, 'flyway');
  if (/^U\d[\d._]*__/.test(stem)) return undo(`V${stem.slice(1)}`, 'flyway');
  if (/^R__/.test(stem)) {
    return {
      kind: 'invalid',
      why: 'repeatable migrations (R__) are not supported: give it a version, V<n>__…, each time it changes',
    };
  }
  return named(stem, 'sql');
}

function named(stem: string, family: 'code' | 'sql' | 'golang-migrate' | 'flyway'): NamedFile {
  const revision = parseRevision(stem);
  return revision === undefined ? invalid(stem) : { kind: 'migration', revision, family };
}

function undo(stem: string, family: 'golang-migrate' | 'flyway'): NamedFile {
  const revision = parseRevision(stem);
  return revision === undefined ? invalid(stem) : { kind: 'undo', revision, family };
}

function invalid(stem: string): NamedFile {
  return {
    kind: 'invalid',
    why: `"${stem}" is no revision: use letters, digits, _ - and . and start with a letter or digit`,
  };
}
