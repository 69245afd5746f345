import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RUN_REQUEST_VARIABLE } from '../../src/core/model/request.ts';
import { SECRET_VARIABLES } from '../../src/core/model/run-variables.ts';
import { requestFor } from '../engine/request.ts';
import { temporaryFolder } from '../support/databases.ts';
import { MAIN } from '../support/program.ts';

const TOKEN = `to'k"en s&cret/1`;

/** Runs one code migration in a runner process; all that leaves it. */
async function leavesOf(body: string, env: Record<string, string>): Promise<string> {
  const folder = await temporaryFolder('secrets');
  await writeFile(
    join(folder, '1_a.mjs'),
    `export async function up() {\n${body}\n}\nexport async function down() {}\n`,
  );
  const backups = await temporaryFolder('backups');
  const message = join(backups, 'termination');
  await writeFile(message, '');
  const request = requestFor(folder, backups, { safety: { rehearsal: 'Disabled' }, backup: { enabled: false } });
  const all = {
    ...process.env,
    DATABASE_URL: `sqlite:///${join(backups, 'x.db')}`,
    [RUN_REQUEST_VARIABLE]: JSON.stringify(request),
    DB_MANAGER_TERMINATION_LOG: message,
    ...env,
  };
  const text = await new Promise<string>((resolve) => {
    execFile(process.execPath, [MAIN, 'runner'], { env: all }, (_error, stdout, stderr) =>
      resolve(`${stdout}\n${stderr}`),
    );
  });
  return `${text}\n${await readFile(message, 'utf8')}`;
}

describe('what leaves a run pod', () => {
  const env = { MY_TOKEN: TOKEN, [SECRET_VARIABLES.names]: 'MY_TOKEN,UNSET' };

  it('has no value of a Secret in an error that a migration throws (C7)', async () => {
    const text = await leavesOf(
      "throw new Error(['no answer:', process.env.MY_TOKEN, encodeURIComponent(process.env.MY_TOKEN)].join(' '));",
      env,
    );
    assert.match(text, /no answer: \*\*\* \*\*\*/);
    assert.ok(
      !text.includes(TOKEN) &&
        !text.includes(encodeURIComponent(TOKEN)) &&
        !text.includes(JSON.stringify(TOKEN).slice(1, -1)),
    );
    assert.match(text, /"reason":"MigrationFailed"/);
  });

  it('has none in what a migration prints, also in two pieces and without an end of line', async () => {
    const text = await leavesOf(
      `const t = process.env.MY_TOKEN;
       console.log('one', t); console.error('two', t);
       process.stdout.write('three ' + t.slice(0, 4)); process.stdout.write(t.slice(4) + '\\n');
       process.stdout.write(Buffer.from('four ' + t + '\\n'));
       process.on('exit', () => process.stdout.write('five ' + t));`,
      env,
    );
    for (const word of ['one', 'two', 'three', 'four', 'five']) assert.match(text, new RegExp(`${word} \\*\\*\\*`));
    assert.ok(!text.includes(TOKEN));
    assert.match(text, /"reason":"Migrated"/);
  });

  it('never contains the password of the database', async () => {
    const url = 'postgres://u:hun%21ter2@127.0.0.1:1/d';
    const text = await leavesOf('', { DATABASE_URL: url });
    assert.doesNotMatch(text, /hun%21ter2|hun!ter2/);
    assert.match(text, /"reason":"DatabaseUnreachable"/);
  });

  it('has the words of a run although a Secret holds the same', async () => {
    const text = await leavesOf('', { WORD: 'apply', ALSO: 'done', [SECRET_VARIABLES.names]: 'WORD,ALSO' });
    assert.match(text, /"step":"apply"/);
    assert.match(text, /"reason":"Migrated"/);
  });
});
