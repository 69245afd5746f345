/**
 * Applies complete public histories from nothing, with db-manager and with the tool that they were written for, and
 * compares the schemas. Not a part of the package; the histories are fetched and never committed.
 *
 * `node scripts/run.cjs histories` prints the rows of docs/reference/histories.md; names choose some of them.
 * `HISTORIES_MIRROR` is a folder with `owner+name/repo` as bare repositories, instead of cloning them.
 */
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closeAll, temporaryFolder } from '../test/support/lifetime.ts';
import { mustRun } from '../test/support/processes.ts';
import { compare, type Result } from './histories/compare.ts';
import { HISTORIES, type History } from './histories/list.ts';
import { original } from './histories/original.ts';

const TIMEOUT = 900_000;
const tools = process.env.HISTORIES_TOOLS ?? join(tmpdir(), 'db-manager-histories');
const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !HISTORIES.some((history) => history.name === name));
if (unknown.length > 0) {
  throw new Error(`Unknown: ${unknown.join(', ')}. There are ${HISTORIES.map(({ name }) => name).join(', ')}.`);
}

const results: Result[] = [];
try {
  for (const history of HISTORIES) {
    if (chosen.length > 0 && !chosen.includes(history.name)) continue;
    const result = await run(history);
    results.push(result);
    console.error(JSON.stringify(result));
  }
} finally {
  await closeAll();
}
console.log('| history | tool | files | from nothing | tool (s) | db-manager (s) | adopt, last 5 | down and up |');
console.log('|---|---|---|---|---|---|---|---|');
for (const result of results) console.log(row(result));

async function run(history: History): Promise<Result> {
  const work = await temporaryFolder(`history-${history.name}`);
  const root = await fetchFiles(history, work);
  const tool = await original(history.tool, tools);
  return await compare({ history, folder: join(root, history.folder), tool, work });
}

/** The files of the commit, without those that are left out. */
async function fetchFiles(history: History, work: string): Promise<string> {
  const { repository, commit, folder, needs = [], without = [] } = history;
  const mirror = process.env.HISTORIES_MIRROR;
  let git = mirror === undefined ? undefined : join(mirror, repository.replace('/', '+'), 'repo');
  if (git === undefined || !existsSync(git)) {
    git = join(tools, 'repositories', repository.replace('/', '+'));
    await mkdir(git, { recursive: true });
    await mustRun('git', ['init', '-q', '--bare', git]);
    const address = `https://github.com/${repository}.git`;
    await mustRun('git', ['-C', git, 'fetch', '-q', '--depth', '1', address, commit], { timeoutMs: TIMEOUT });
  }
  const root = join(work, 'files');
  await mkdir(root);
  const archive = join(work, 'files.tar');
  await mustRun('git', ['-C', git, 'archive', '-o', archive, commit, folder, ...needs], { timeoutMs: TIMEOUT });
  await mustRun('tar', ['xf', archive, '-C', root]);
  for (const { file } of without) await rm(join(root, folder, file));
  // As at the root of the repository: CommonJS.
  await writeFile(join(root, 'package.json'), '{}');
  return root;
}

function row(result: Result): string {
  const { name, tool, migrations, fromNothing, originalSeconds, ourSeconds, adopted, downAndUp } = result;
  const cells = [name, tool, migrations, fromNothing, originalSeconds.toFixed(1), ourSeconds.toFixed(1)];
  return `| ${[...cells, adopted, downAndUp].join(' | ')} |`;
}
