import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DIALECTS, type TestDialect, temporaryDatabase, temporaryFolder } from '../support/databases.ts';
import { MAIN } from '../support/program.ts';
import { runHosted } from './host.ts';

export { DIALECTS, type TestDialect };

const BASE = {
  PATH: process.env.PATH,
  NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
  HOME: process.env.HOME,
  TMPDIR: process.env.TMPDIR,
};
export const EXAMPLE = resolve('migrations/versions');
export const MODELS = resolve('migrations/models');

export interface Result {
  code: number | null;
  out: string;
  err: string;
}

export interface Project {
  /** The working directory of every command. */
  folder: string;
  dialect: TestDialect;
  /** As the environment gives it; for SQLite it is `data/app.db` in the folder. */
  url: string;
  /** Runs the real process with DATABASE_URL set. */
  run(...args: string[]): Promise<Result>;
  /** The same with other variables; `undefined` takes one away. */
  runWith(env: Record<string, string | undefined>, ...args: string[]): Promise<Result>;
  /** Runs, expects exit code 0, and gives the document that `--json` prints. */
  json<T = Record<string, unknown>>(...args: string[]): Promise<T>;
  write(file: string, text: string): Promise<void>;
  read(file: string): Promise<string>;
}

/**
 * Runs the real process on a pseudo-terminal (util-linux' `script`) and types each answer once its question is shown.
 * Standard output and errors come as one, with the terminal's control sequences.
 */
export async function onTerminal(
  { folder, url }: Project,
  args: string[],
  answers: { question: RegExp; type: string }[] = [],
): Promise<{ code: number | null; screen: string }> {
  const quoted = [process.execPath, MAIN, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  const child = spawn('script', ['--quiet', '--return', '--flush', '--command', quoted, '/dev/null'], {
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
      HOME: process.env.HOME,
      TERM: 'xterm',
      DATABASE_URL: url,
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let screen = '';
  const waiting = [...answers];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    screen += text;
    const [next] = waiting;
    if (next?.question.test(screen)) {
      waiting.shift();
      child.stdin.write(next.type);
    }
  });
  return new Promise((done, fail) => {
    child.on('error', fail);
    child.on('close', (code) => done({ code, screen }));
  });
}

export interface HostedProject extends Project {
  /** Imports a file of the folder in the process of the commands; its default export is printed as JSON. */
  module(file: string): Promise<Result>;
}

/** An empty folder with an empty database of its own; its commands run in one process (host.ts). */
export async function hostedProject(dialect: TestDialect): Promise<HostedProject> {
  const made = await project(dialect, (cwd, env, args) => runHosted({ cwd, env, args }));
  const { folder: cwd, url } = made;
  const module = (file: string) =>
    runHosted({ cwd, env: { ...BASE, DATABASE_URL: url }, args: [], module: join(cwd, file) });
  return { ...made, module };
}

/** An empty folder with an empty database of its own. */
export async function project(dialect: TestDialect, run: typeof execute = execute): Promise<Project> {
  const folder = await temporaryFolder('cli');
  const url = dialect === 'sqlite' ? 'sqlite:///data/app.db' : (await temporaryDatabase(dialect)).url;
  const runWith: Project['runWith'] = (env, ...args) => run(folder, { ...BASE, DATABASE_URL: url, ...env }, args);
  return {
    folder,
    dialect,
    url,
    runWith,
    run: (...args) => runWith({}, ...args),
    async json<T>(...args: string[]) {
      const { code, out, err } = await runWith({}, ...args, '--json');
      if (code !== 0) throw new Error(`db-manager ${args.join(' ')} ended with ${code}: ${out}${err}`);
      return JSON.parse(out) as T;
    },
    async write(file, text) {
      await mkdir(resolve(folder, file, '..'), { recursive: true });
      await writeFile(join(folder, file), text);
    },
    read: (file) => readFile(join(folder, file), 'utf8'),
  };
}

/** Two small migrations. The second has a down migration that keeps the rows. */
export async function withMigrations(made: Project): Promise<Project> {
  await made.write(
    'migrations/20240101000000_create_notes.sql',
    '-- Notes of the users.\n\n-- migrate:up\nCREATE TABLE notes (id integer PRIMARY KEY, body text NOT NULL);\n-- migrate:down\nDROP TABLE notes;\n',
  );
  await made.write(
    'migrations/20240102000000_add_author.sql',
    '-- Who wrote a note.\n\n-- migrate:up\nALTER TABLE notes ADD COLUMN author text;\n-- migrate:down\nALTER TABLE notes DROP COLUMN author;\n',
  );
  return made;
}

/** The models that the two migrations of `withMigrations` lead to. */
export async function withModels(made: Project): Promise<Project> {
  await made.write(
    'models/note.cjs',
    `module.exports = (sequelize, DataTypes) =>
  sequelize.define('note', {
    id: { type: DataTypes.INTEGER, primaryKey: true },
    body: { type: DataTypes.TEXT, allowNull: false },
    author: { type: DataTypes.TEXT },
  }, { tableName: 'notes', timestamps: false });
`,
  );
  return made;
}

/** The trading-bot example, copied. */
export async function withExample(made: Project): Promise<Project> {
  await cp(EXAMPLE, join(made.folder, 'migrations'), { recursive: true });
  return made;
}

/** Starts a command that a test ends with SIGKILL; resolves once it has ended. */
export async function endWhen(here: Project, args: string[], then: () => Promise<void>): Promise<void> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: here.folder,
    env: { ...BASE, DATABASE_URL: here.url },
    stdio: 'ignore',
  });
  const ended = once(child, 'exit');
  try {
    await then();
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
}

function execute(cwd: string, env: Record<string, string | undefined>, args: string[]): Promise<Result> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.err += text;
  });
  return new Promise((done, fail) => {
    child.on('error', fail);
    child.on('close', (code) => done({ code, ...output }));
  });
}
