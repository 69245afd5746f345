import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Dialect } from '../../src/core/model/dialect.ts';
import type { LoadedMigration } from '../../src/core/model/migration.ts';
import { type Problem, ProblemError } from '../../src/core/model/problem.ts';
import { loadMigrations } from '../../src/migrations/load.ts';
import { readMigrations } from '../../src/migrations/read.ts';
import { temporaryFolder } from '../support/lifetime.ts';

/** A folder of its own with these files; it disappears with the process. */
export async function folderOf(files: Record<string, string>): Promise<string> {
  const folder = await temporaryFolder('migrations');
  await addFiles(folder, files);
  return folder;
}

export async function addFiles(folder: string, files: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
}

/** The problem that is thrown; anything else that is thrown, and nothing thrown, is a failure. */
export async function problemOf(work: () => unknown): Promise<Problem> {
  try {
    await work();
  } catch (error) {
    if (error instanceof ProblemError) return error.problem;
    throw error;
  }
  throw new Error('nothing was thrown');
}

export const FIXTURES = fileURLToPath(new URL('../fixtures/formats', import.meta.url));

export async function loadAll(folder: string, dialect: Dialect = 'postgres'): Promise<LoadedMigration[]> {
  const read = await readMigrations(folder);
  assert.ok(read.ok, read.ok ? '' : read.problem.message);
  return loadMigrations(folder, read.files, dialect);
}

/** The only migration of a folder with this one file. */
export async function loadOne(name: string, text: string, dialect: Dialect = 'postgres'): Promise<LoadedMigration> {
  const [only] = await loadAll(await folderOf({ [name]: text }), dialect);
  assert.ok(only);
  return only;
}
