import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DIALECTS, temporaryDatabase, temporaryFolder } from '../support/databases.ts';
import { hostedDbManager } from './process.ts';

const FIRST = `-- migrate:up
CREATE TABLE people (id integer PRIMARY KEY, mail varchar(100) NOT NULL);
INSERT INTO people VALUES (1, 'ada@example.com');
-- migrate:down
DROP TABLE people;
`;

for (const dialect of DIALECTS) {
  describe(`the report of a run on ${dialect}`, function () {
    this.timeout(120_000);
    let folder = '';
    let env: Record<string, string> = {};
    const run = (...args: string[]) => hostedDbManager(args, env, folder);
    beforeEach(async () => {
      folder = await temporaryFolder('report');
      env = { DATABASE_URL: (await temporaryDatabase(dialect)).url, APP_PASSWORD: 'gh7-Secret-value' };
      await mkdir(join(folder, 'migrations/versions'), { recursive: true });
      await writeFile(join(folder, 'migrations/versions/1_people.sql'), FIRST);
      await writeFile(join(folder, 'db-manager.config.yaml'), 'migrations: ./migrations/versions\n');
    });

    it('is kept with its backup, is written again from there, and goes with the backup', async () => {
      const first = await run('safe-migrate', '--report', 'out/run.html');
      assert.equal(first.code, 0, first.stderr);
      assert.match(first.stdout, /report +\S+out\/run\.html/);
      const page = await readFile(join(folder, 'out/run.html'), 'utf8');
      for (const text of [
        'Succeeded: Migrated',
        'ada@example.com',
        '1 of 1 applied',
        'table people',
        'restored in this run',
      ]) {
        assert.ok(page.includes(text), text);
      }
      const again = await run('report', '--output', '-');
      assert.equal(again.stdout.trim(), page.trim(), 'the same page');
      const redacted = await run('report', 'latest', '--redact-literals');
      assert.equal(redacted.code, 0, redacted.stderr);
      const [, path = ''] = /Wrote (.+)\.$/m.exec(redacted.stdout) ?? [];
      assert.doesNotMatch(await readFile(path, 'utf8'), /ada@example/);
      const kept = await readdir(join(folder, 'data/backups'));
      assert.equal(kept.filter((name) => name.endsWith('.report.html')).length, 1, kept.join());
      await writeFile(
        join(folder, 'migrations/versions/2_more.sql'),
        '-- migrate:up\nCREATE TABLE more (id integer PRIMARY KEY);\n-- migrate:down\nDROP TABLE more;\n',
      );
      await run('safe-migrate');
      const pruned = await run('prune', '--keep-last', '1', '--keep-days', '0');
      assert.equal(pruned.code, 0, pruned.stderr);
      const left = await readdir(join(folder, 'data/backups'));
      assert.equal(left.filter((name) => name.endsWith('.report.html')).length, 1, left.join());
    });

    it('of a plan that was refused is kept too, and names the finding', async () => {
      await run('safe-migrate');
      await writeFile(
        join(folder, 'migrations/versions/2_drop.sql'),
        '-- migrate:up\nDROP TABLE people;\n-- migrate:down\nSELECT 1;\n',
      );
      const refused = await run('safe-migrate');
      assert.equal(refused.code, 4, refused.stdout);
      const { stdout } = await run('report', '--output', '-');
      assert.match(stdout, /Blocked: UnsafePlan/);
      assert.match(stdout, /drop-table/);
      assert.match(stdout, /none was taken in this run/);
    });

    it('that cannot be written does not fail the run, and the run reports it', async () => {
      await writeFile(join(folder, 'file'), '');
      const { code, stdout } = await run('safe-migrate', '--report', 'file/run.html');
      assert.equal(code, 0);
      assert.match(stdout, /1 migration applied/);
      assert.match(stdout, /run\.html was not written/);
    });
  });
}

describe('db-manager report', function () {
  this.timeout(60_000);

  it('writes the page that the documentation describes', async () => {
    const folder = await temporaryFolder('report');
    const env = { DATABASE_URL: (await temporaryDatabase('sqlite')).url };
    const run = (...args: string[]) => hostedDbManager([...args, '--migrations', 'versions'], env, folder);
    await mkdir(join(folder, 'versions'));
    await writeFile(join(folder, 'versions/1_people.sql'), FIRST);
    await run('safe-migrate', '--backup-name', 'backup_20240601_120000');
    const page = await readFile('docs/operations/report.md', 'utf8');
    const commands = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block = '']) => block.trim().split('\n'));
    assert.ok(commands.length >= 4);
    for (const command of commands) {
      const { code, stderr } = await run(...command.split(' ').slice(1));
      assert.equal(code, 0, `${command}: ${stderr}`);
    }
  });

  it('lists the reports if the name is wrong, the file is damaged, or the prefix is not unique', async () => {
    const folder = await temporaryFolder('reports');
    const run = (...args: string[]) => hostedDbManager(['report', ...args, '--backups', folder]);
    const empty = await run();
    assert.equal(empty.code, 2);
    assert.match(empty.stderr, /has no report of a run/);
    for (const name of ['backup_1.db', 'backup_2.db']) await writeFile(join(folder, `${name}.report`), '{"version":1}');
    const wrong = await run('release');
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /ReportNotFound.*It has: backup_1\.db, backup_2\.db/);
    const two = await run('backup');
    assert.match(two.stderr, /matches several reports/);
    const damaged = await run('backup_1');
    assert.equal(damaged.code, 1);
    assert.match(damaged.stderr, /ReportUnreadable.*backup_1\.db\.report is not the report of a run/);
    const missing = await run(join(folder, 'absent.report'));
    assert.equal(missing.code, 2);
    assert.match(missing.stderr, /ReportNotFound.*no such file/);
  });
});
