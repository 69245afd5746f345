/**
 * Inputs that a connection string may refer to: the environment, files and the user of this process. They
 * are passed as an argument, because core reads none of them.
 */
export interface Surroundings {
  env: Readonly<Record<string, string | undefined>>;
  /** A text file, or undefined if it cannot be read. */
  read(path: string): string | undefined;
  exists(path: string): boolean;
  /** True if other users may read or write the file; libpq then does not read passwords from it. */
  isOpenToOthers(path: string): boolean;
  /** The name of the operating system user. */
  userName(): string | undefined;
}

/** No surroundings: only the text of the URL counts. */
export const NO_SURROUNDINGS: Surroundings = {
  env: {},
  read: () => undefined,
  exists: () => false,
  isOpenToOthers: () => false,
  userName: () => undefined,
};
