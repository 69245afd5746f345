import assert from 'node:assert/strict';
import { readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { contentHashOf, runSql } from '../backups/fixtures.ts';
import { temporaryDatabase } from '../support/databases.ts';
import { targetOf } from './request.ts';
import { makeTool, type Tool, wrapped } from './wrapped-fixtures.ts';

/** The words of a command that runs this with the file of the URL in DATABASE_URL as `path`. */
const node = (body: string) => [
  process.execPath,
  '--disable-warning=ExperimentalWarning',
  '-e',
  `const { DatabaseSync } = require('node:sqlite'); const fs = require('node:fs');
   const path = process.env.DATABASE_URL.replace(/^sqlite:(\\/\\/\\/)?/, '');
   const sql = (file, text) => { const database = new DatabaseSync(file); database.exec(text); database.close(); };
   ${body}`,
];

describe('a run of a command on SQLite', function () {
  this.timeout(120_000);

  let tool: Tool;
  let url: string;
  /** Of a command that does not open the copy: a file system that is mounted with noatime does not show it. */
  let unopened: 'NotConnected' | 'UpToDate';

  before(async () => {
    tool = await makeTool();
    unopened = (await keepsAccessTimes(join(tool.folder, 'probe'))) ? 'NotConnected' : 'UpToDate';
  });
  beforeEach(async () => {
    ({ url } = await temporaryDatabase('sqlite'));
    await runSql(targetOf(url), 'CREATE TABLE orders (id integer PRIMARY KEY)');
  });

  for (const [what, command, reason] of [
    ['that changes the copy', node("sql(path, 'CREATE TABLE IF NOT EXISTS lines (id integer)');"), 'Migrated'],
    ['that only reads it', node("sql(path, 'SELECT count(*) FROM orders');"), 'UpToDate'],
  ] as const) {
    it(`${what} ends with ${reason}`, async () => {
      const report = await wrapped(url, tool, command);
      assert.equal(report.reason, reason, report.message);
    });
  }

  for (const [what, command, message] of [
    ['does nothing', ['true'], /did not open the file in DATABASE_URL, .* --url-env\. The target was not changed\.$/],
    ['works in another file', node("sql('other.db', 'CREATE TABLE lines (id integer)');"), /did not open the file/],
    [
      'creates another file beside it',
      node("sql(path + '-new', 'CREATE TABLE t (id integer)'); fs.rmSync(path + '-new');"),
      /did not open/,
    ],
    ['removes it', node('fs.rmSync(path);'), /removed the file in DATABASE_URL, or put another file in its place/],
    [
      'replaces it',
      node(`sql(path, "VACUUM INTO '" + path + "-new'"); fs.renameSync(path + '-new', path);`),
      /removed the file in DATABASE_URL, or put another file in its place/,
    ],
  ] as const) {
    it(`that ${what} is stopped at the copy`, async () => {
      const before = await contentHashOf(targetOf(url));
      const report = await wrapped(url, tool, command);
      const expected = message.source.startsWith('removed') ? 'NotConnected' : unopened;
      assert.equal(report.reason, expected, report.message);
      if (expected === 'NotConnected') assert.match(report.message, message);
      assert.equal(report.touched, false);
      assert.equal(await contentHashOf(targetOf(url)), before);
    });
  }

  it('that reads another variable works with --url-env', async () => {
    const command = node("sql(path, 'CREATE TABLE IF NOT EXISTS lines (id integer)');").map((word) =>
      word.replaceAll('DATABASE_URL', 'OTHER_URL'),
    );
    const env = { OTHER_URL: `sqlite:${join(tool.folder, 'own.db')}` };
    const ignored = await wrapped(url, tool, command, { env });
    assert.equal(ignored.reason, unopened, ignored.message);
    const report = await wrapped(url, tool, command, { env, urlEnv: 'OTHER_URL' });
    assert.equal(report.reason, 'Migrated', report.message);
  });
});

async function keepsAccessTimes(file: string): Promise<boolean> {
  await writeFile(file, 'text');
  await utimes(file, 1, new Date());
  const before = (await stat(file)).atimeMs;
  await readFile(file);
  return (await stat(file)).atimeMs !== before;
}
