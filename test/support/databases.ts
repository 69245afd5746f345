/** Both databases alike: tests write `for (const dialect of DIALECTS)` and get a real, empty database of each. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from './lifetime.ts';
import { sharedPostgres } from './postgres.ts';

export { temporaryFolder } from './lifetime.ts';

export const DIALECTS = ['sqlite', 'postgres'] as const;
export type TestDialect = (typeof DIALECTS)[number];

export interface TemporaryDatabase {
  dialect: TestDialect;
  /** `postgresql://…` or `sqlite:////absolute/path` (the file does not exist yet). */
  url: string;
  drop(): Promise<void>;
}

/** An empty database of its own for one test. `drop()` is optional: the database disappears with the process. */
export async function temporaryDatabase(dialect: TestDialect): Promise<TemporaryDatabase> {
  switch (dialect) {
    case 'postgres': {
      const { url, drop } = await (await sharedPostgres()).createDatabase();
      return { dialect, url, drop };
    }
    case 'sqlite': {
      const folder = await temporaryFolder('sqlite');
      return {
        dialect,
        url: `sqlite:///${join(folder, 'test.db')}`,
        drop: () => rm(folder, { recursive: true, force: true }),
      };
    }
  }
}
