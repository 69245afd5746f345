/** The programs in drivers/: one for each driver of PostgreSQL. */
import { join } from 'node:path';
import { findOnPath } from '../support/processes.ts';
import { cachedGo } from '../support/programs/go.ts';
import { programOf, type ToolSet, toolsIn } from '../support/programs/tools.ts';

export const FOLDER = join(import.meta.dirname, 'drivers');

export interface Driver {
  name: string;
  /** The set that it comes from; Go fetches its own modules. */
  set?: ToolSet;
  /** It is in the default suite; the others run with DB_MANAGER_TOOLS=all. */
  short?: true;
  program(): { words: string[]; cwd?: string; env?: Record<string, string> };
}

const python = (file: string) => ({ words: [join(toolsIn('python') ?? '', 'python'), join(FOLDER, file)] });

export const DRIVERS: readonly Driver[] = [
  {
    name: 'node-postgres',
    set: 'node-drivers',
    short: true,
    program() {
      const modules = toolsIn('node-drivers') ?? '';
      return {
        words: [process.execPath, join(FOLDER, 'node-pg.mjs')],
        env: {
          MODULE_PG: join(modules, 'pg/lib/index.js'),
          MODULE_CURSOR: join(modules, 'pg-cursor/index.js'),
          MODULE_COPY: join(modules, 'pg-copy-streams/index.js'),
        },
      };
    },
  },
  { name: 'psycopg', set: 'python', short: true, program: () => python('psycopg3.py') },
  { name: 'asyncpg', set: 'python', short: true, program: () => python('asyncpg_driver.py') },
  {
    name: 'pgx',
    program: () => ({
      words: [findOnPath('go') ?? join(cachedGo() ?? '', 'go'), 'run', '.'],
      cwd: join(FOLDER, 'pgx'),
    }),
  },
  {
    name: 'pgjdbc',
    set: 'pgjdbc',
    program: () => ({ words: ['java', '-cp', programOf('pgjdbc'), join(FOLDER, 'Pgjdbc.java')] }),
  },
  { name: 'Ruby pg', set: 'debian', program: () => ({ words: ['ruby', join(FOLDER, 'ruby_pg.rb')] }) },
];
