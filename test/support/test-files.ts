/** What a test file needs, read from what it imports: so a new file is in the right group without being listed. */
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');

/** Modules that start programs or servers. */
const STARTS_PROGRAMS = /^node:(child_process|net|http|https|cluster)$/;
/** Starts a shell that only tidies up. */
const TIDIES_UP = 'test/support/lifetime.ts';
const POSTGRES = 'test/support/postgres.ts';

/** Every test file, or those that the given files and folders name; relative to the repository. Throws for a name without one. */
export function testFiles(named: readonly string[] = []): string[] {
  if (named.length === 0) return globSync('test/**/*.test.ts', { cwd: ROOT }).sort();
  return [...new Set(named.flatMap(filesOf))];
}

function filesOf(name: string): string[] {
  const path = relative(ROOT, resolve(name));
  const found = statSync(name, { throwIfNoEntry: false })?.isDirectory()
    ? globSync(`${path}/**/*.test.ts`, { cwd: ROOT }).sort()
    : existsSync(name)
      ? [path]
      : [];
  if (found.length === 0) throw new Error(`there is no test file in ${name}`);
  return found;
}

/** Pure code and files only: no program is started, no socket is opened. */
export function isUnit(file: string): boolean {
  return !reached(file).programs;
}

/** A PostgreSQL server is started for it. */
export function needsPostgres(file: string): boolean {
  return reached(file).files.has(POSTGRES);
}

interface Reached {
  /** Modules of test/ and scripts/, the file itself included. */
  files: Set<string>;
  programs: boolean;
}

const known = new Map<string, Reached>();

function reached(file: string): Reached {
  const before = known.get(file);
  if (before !== undefined) return before;
  const files = new Set<string>();
  let programs = false;
  const waiting = [file];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    // A file that a test writes itself looks like an import in its text.
    if (files.has(next) || !/^(test|scripts)\//.test(next) || !existsSync(join(ROOT, next))) continue;
    files.add(next);
    if (next === TIDIES_UP) continue;
    for (const specifier of importsOf(next)) {
      if (specifier.startsWith('.')) waiting.push(relative(ROOT, join(ROOT, dirname(next), specifier)));
      else if (STARTS_PROGRAMS.test(specifier)) programs = true;
    }
  }
  const result = { files, programs };
  known.set(file, result);
  return result;
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const imports = text.matchAll(/\bfrom '([^']+)'|\bimport\('([^']+)'\)|^import '([^']+)'/gm);
  return [...imports].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
}
