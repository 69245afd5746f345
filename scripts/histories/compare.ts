/** One history: applied by its own tool and by db-manager, compared, adopted, continued, reverted, linted. */
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type PrivatePostgres, startPostgres } from '../../test/support/postgres.ts';
import { mustRun, runCommand } from '../../test/support/processes.ts';
import type { History } from './list.ts';
import { type Original, TABLE } from './original.ts';

const TIMEOUT = 900_000;
const MAIN = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts');
/** How many migrations are applied to the adopted database, and reverted. */
const LAST = 5;

export interface Result {
  name: string;
  tool: string;
  migrations: number;
  /** `equal`, or the first lines of the difference. */
  fromNothing: string;
  lines: number;
  originalSeconds: number;
  ourSeconds: number;
  /** Each `equal`, or what happened instead. */
  adopted: string;
  downAndUp: string;
  /** Findings of lint that are errors, by rule. */
  errors: Record<string, number>;
  unread: string[];
}

interface Context {
  history: History;
  folder: string;
  tool: Original;
  work: string;
}

export async function compare(context: Context): Promise<Result> {
  const { history, folder, tool } = context;
  const names = await migrationsOf(history, folder);
  // Roles belong to a server and not to a database, so each side has a server of its own.
  const [theirs, ours] = [await startServer(), await startServer()];
  try {
    const original = await theirs.createDatabase('original');
    const originalSeconds = await seconds(() => tool.apply(history, folder, original.url, names, names.length));
    const applied = await ours.createDatabase('applied');
    const ourSeconds = await seconds(() => dbManager(context, applied.url, ['migrate', 'upgrade']));
    const wanted = await schemaOf(theirs, original.name, history);
    const made = await schemaOf(ours, applied.name, history);
    const downAndUp = await revertAndApply(context, ours, applied, made);
    const adopted = await adoptAndContinue(context, names, wanted);
    return {
      name: history.name,
      tool: history.tool,
      migrations: names.length,
      fromNothing: difference(wanted, made),
      lines: wanted.length,
      originalSeconds,
      ourSeconds,
      adopted,
      downAndUp,
      ...(await lint(context, applied.url)),
    };
  } finally {
    await Promise.all([theirs.stop(), ours.stop()]);
  }
}

/** With the role that every installation has, and that migrations grant privileges to. */
async function startServer(): Promise<PrivatePostgres> {
  const server = await startPostgres();
  await server.query('CREATE ROLE postgres SUPERUSER');
  return server;
}

async function migrationsOf({ tool }: History, folder: string): Promise<string[]> {
  const suffix = {
    sequelize: /\.[cm]?js$/,
    'golang-migrate': /\.up\.sql$/,
    goose: /\.sql$/,
    flyway: /^V.*\.sql$/i,
    psql: /\.sql$/,
  }[tool];
  const recursive = tool === 'psql';
  const names = (await readdir(folder, { recursive })).filter((name) => suffix.test(name)).sort();
  if (tool === 'sequelize') return names;
  const key = (name: string) => (/\d+(?:[._]\d+)*/.exec(name)?.[0] ?? '').split(/[._]/).map(Number);
  return names.sort((a, b) => {
    const [x, y] = [key(a), key(b)];
    const at = x.findIndex((part, index) => part !== y[index]);
    return at < 0 ? x.length - y.length : (x[at] ?? 0) - (y[at] ?? 0);
  });
}

/** The last migrations are applied to a database that the original tool made and that was adopted. */
async function adoptAndContinue(
  context: Context,
  names: readonly string[],
  wanted: readonly string[],
): Promise<string> {
  const server = await startServer();
  try {
    const database = await server.createDatabase('adopted');
    await context.tool.apply(context.history, context.folder, database.url, names, names.length - LAST);
    const last = names.at(-LAST - 1) ?? '';
    await dbManager(
      context,
      database.url,
      context.history.tool === 'psql'
        ? ['migrate', 'stamp', last.replace(/(?:\/migration)?\.sql$/, '')]
        : ['adopt', '--from', context.history.tool],
    );
    const safe = ['safe-migrate'];
    const first = await tryDbManager(context, database.url, safe);
    const digest = /--approve (sha256:[0-9a-f]{64})/.exec(first.stdout + first.stderr)?.[1];
    const run =
      first.code === 4 && digest ? await tryDbManager(context, database.url, [...safe, '--approve', digest]) : first;
    const notes = run === first ? [] : ['findings approved'];
    let ended = run;
    if (run.code !== 0 && /RoundTripFailed/.test(run.stdout + run.stderr)) {
      // The author's down migrations do not restore the schema. That is a finding; the migrations are applied without it.
      notes.push('RoundTripFailed');
      const config = join(context.work, 'without-round-trip.yaml');
      await writeFile(config, 'safety:\n  roundTrip: false\n');
      ended = await tryDbManager(context, database.url, [
        '--config',
        config,
        ...safe,
        ...(digest ? ['--approve', digest] : []),
      ]);
    }
    if (ended.code !== 0) return reasonOf(ended);
    const result = difference(wanted, await schemaOf(server, database.name, context.history));
    return [result, ...notes].join('; ');
  } finally {
    await server.stop();
  }
}

async function revertAndApply(
  context: Context,
  server: PrivatePostgres,
  { url, name }: { url: string; name: string },
  before: readonly string[],
): Promise<string> {
  const down = await tryDbManager(context, url, ['migrate', 'downgrade', `-${LAST}`]);
  if (down.code !== 0) return reasonOf(down);
  const up = await tryDbManager(context, url, ['migrate', 'upgrade']);
  if (up.code !== 0) return reasonOf(up);
  return difference(before, await schemaOf(server, name, context.history));
}

async function lint(context: Context, url: string): Promise<Pick<Result, 'errors' | 'unread'>> {
  const { stdout } = await tryDbManager(context, url, ['--json', 'lint']);
  const { findings = [] } = JSON.parse(stdout) as {
    findings?: { rule: string; severity: string; migration: string }[];
  };
  const errors: Record<string, number> = {};
  for (const { rule, severity } of findings) if (severity === 'error') errors[rule] = (errors[rule] ?? 0) + 1;
  const unread = findings.filter(({ rule }) => rule === 'not-checked').map(({ migration }) => migration);
  return { errors, unread: [...new Set(unread)] };
}

async function dbManager(context: Context, url: string, args: readonly string[]): Promise<void> {
  const run = await tryDbManager(context, url, args);
  if (run.code !== 0) throw new Error(`${context.history.name}: db-manager ${args.join(' ')}: ${reasonOf(run)}`);
}

function tryDbManager({ history, folder, work }: Context, url: string, args: readonly string[]) {
  const placeholders = Object.entries(history.placeholders ?? {}).map(([name, value]) => [
    `FLYWAY_PLACEHOLDERS_${name.toUpperCase()}`,
    value,
  ]);
  const settings = ['--migrations', folder, '--backups', join(work, 'backups'), ...(history.options ?? [])];
  return runCommand(process.execPath, [MAIN, '--database-url', url, ...settings, ...args], {
    cwd: folder.slice(0, -history.folder.length),
    env: { ...process.env, ...history.env, ...Object.fromEntries(placeholders) },
    timeoutMs: TIMEOUT,
  });
}

function reasonOf({ stdout, stderr }: { stdout: string; stderr: string }): string {
  const line = `${stderr}\n${stdout}`.split('\n').find((text) => /^error: |^[A-Z]\w+: |✗|■/.test(text));
  return (line ?? stderr).trim().slice(0, 300);
}

/** `pg_dump -s` without the tables of both tools, comments and blank lines. */
async function schemaOf(server: PrivatePostgres, database: string, history: History): Promise<string[]> {
  const own = history.tool === 'psql' ? [] : [TABLE[history.tool]];
  const without = [...own, ...(history.tables ?? []), 'db_manager_*'].flatMap((table) => ['-T', table]);
  const dump = await mustRun(
    join(server.bin, 'pg_dump'),
    ['-s', '-N', 'db_manager', ...without, '--no-owner', server.url(database)],
    { timeoutMs: TIMEOUT },
  );
  const lines = dump.split('\n').filter((line) => line !== '' && !/^--|^\\(?:un)?restrict /.test(line));
  return history.unordered === 'enum labels' ? sortLabels(lines) : lines;
}

function sortLabels(lines: readonly string[]): string[] {
  const label = (line: string) => /^ {4}'.*',?$/.test(line);
  const sorted: string[] = [];
  for (let at = 0; at < lines.length; ) {
    let end = at;
    while (label(lines[end] ?? '')) end += 1;
    if (end === at) sorted.push(lines[end++] ?? '');
    else
      sorted.push(
        ...lines
          .slice(at, end)
          .map((line) => line.replace(/,$/, ''))
          .sort(),
      );
    at = end;
  }
  return sorted;
}

function difference(wanted: readonly string[], made: readonly string[]): string {
  const at = wanted.findIndex((line, index) => line !== made[index]);
  if (at < 0 && wanted.length === made.length) return 'equal';
  return `line ${at + 1}: ${wanted[at] ?? 'end'} | ${made[at] ?? 'end'}`;
}

async function seconds(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}
