/** The files of a new server: from the archive of an earlier run, or made by initdb. */
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { ownCacheFolder } from '../../cache-folder.ts';
import type { Programs } from '../programs.ts';
import { keepArchive, unpackArchive } from './archive.ts';
import { makeFolder, type ServerFolder } from './folder.ts';
import { copyData, initialise } from './initdb.ts';

interface Template {
  folder: ServerFolder;
  superuser: string;
}

const started = new Set<string>();

/**
 * Puts an empty server into the folder and returns its superuser. Where nothing can be kept, most runs need one server,
 * which gets the files of initdb themselves; for further ones a template is copied. Throws NoPrivateServer.
 */
export async function fillFolder(programs: Programs, folder: ServerFolder): Promise<string> {
  const kept = await unpackArchive(programs, folder);
  if (kept !== undefined) return kept;
  if (!started.has(programs.folder) || (await ownCacheFolder()) !== undefined) {
    started.add(programs.folder);
    const superuser = newSuperuser();
    await initialise(programs, folder, superuser);
    await keepArchive(programs, folder, superuser);
    return superuser;
  }
  const template = await templateOf(programs);
  await copyData(template.folder, folder);
  return template.superuser;
}

function newSuperuser(): string {
  return `db_manager_${randomBytes(6).toString('hex')}`;
}

/** The files that initdb created, for the second server of this process and later ones. They are removed with the process. */
const templates = new Map<string, Promise<Template>>();

function templateOf(programs: Programs): Promise<Template> {
  const made = templates.get(programs.folder) ?? makeTemplate(programs);
  templates.set(programs.folder, made);
  made.catch(() => templates.delete(programs.folder));
  return made;
}

async function makeTemplate(programs: Programs): Promise<Template> {
  const folder = await makeFolder();
  const superuser = newSuperuser();
  try {
    await initialise(programs, folder, superuser);
    // The watchdog would remove it too, but later than the process ends.
    process.once('exit', () => rmSync(folder.path, { recursive: true, force: true }));
    return { folder, superuser };
  } catch (error) {
    await folder.remove();
    throw error;
  }
}
