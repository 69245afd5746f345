import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Problem, ProblemError } from '../../src/core/model/problem.ts';
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
