/** A small migration tool of its own for tests: it runs the statements of a JSON file on the URL that it is given. */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { RunReport } from '../../src/core/model/report.ts';
import { type WrapOptions, wrapCommand } from '../../src/library/wrap.ts';
import { temporaryFolder } from '../support/lifetime.ts';

const require = createRequire(import.meta.url);

const TOOL = `
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
const { default: pg } = await import(${JSON.stringify(require.resolve('pg'))});
const { statements, variable = 'DATABASE_URL' } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const client = new pg.Client({ connectionString: process.env[variable] });
client.on('error', () => {});
try {
  await client.connect();
  for (const sql of statements) await client.query(sql.replaceAll('{pid}', String(process.pid)));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  await client.end().catch(() => {});
}
`;

export interface Tool {
  folder: string;
  backups: string;
  /** The words of a command that runs these statements. */
  sends(...statements: string[]): Promise<string[]>;
  /** The words of a shell script. */
  shell(text: string): Promise<string[]>;
}

export async function makeTool(): Promise<Tool> {
  const folder = await temporaryFolder('tool');
  const backups = join(folder, 'backups');
  await mkdir(backups);
  const tool = join(folder, 'tool.mjs');
  await writeFile(tool, TOOL);
  let files = 0;
  return {
    folder,
    backups,
    async sends(...statements) {
      const file = join(folder, `statements-${++files}.json`);
      await writeFile(file, JSON.stringify({ statements }));
      return [process.execPath, tool, file];
    },
    async shell(text) {
      const file = join(folder, `script-${++files}.sh`);
      await writeFile(file, `#!/bin/sh\n${text}\n`);
      await chmod(file, 0o755);
      return [file];
    },
  };
}

/** Runs a command with everything on; nothing of this machine's environment but PATH. */
export function wrapped(
  url: string,
  tool: Pick<Tool, 'folder' | 'backups'>,
  command: readonly string[],
  options: Partial<WrapOptions> = {},
): Promise<RunReport> {
  const { env, ...rest } = options;
  return wrapCommand({
    databaseUrl: url,
    command,
    config: false,
    cwd: tool.folder,
    backups: tool.backups,
    // A copy on the same server is made faster.
    rehearsalServer: 'SameServer',
    timeouts: { lock: '2s', connect: '5s', run: '3m' },
    env: { PATH: `${dirname(process.execPath)}:${process.env.PATH}`, ...env },
    ...rest,
  });
}
