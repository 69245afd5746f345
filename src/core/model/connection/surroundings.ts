/**
 * What a connection string may refer to beyond its own text: the environment, files and the user of this process. It
 * arrives as an argument, because core reads none of them.
 */
export interface Surroundings {
  env: Readonly<Record<string, string | undefined>>;
  /** A text file, or undefined where it cannot be read. */
  read(path: string): string | undefined;
  exists(path: string): boolean;
  /** True where other users may read or write the file; libpq then does not take passwords from it. */
  isOpenToOthers(path: string): boolean;
  /** The name of the operating system's user. */
  userName(): string | undefined;
}

/** Where nothing is known: a URL means what it says and nothing else. */
export const NO_SURROUNDINGS: Surroundings = {
  env: {},
  read: () => undefined,
  exists: () => false,
  isOpenToOthers: () => false,
  userName: () => undefined,
};
