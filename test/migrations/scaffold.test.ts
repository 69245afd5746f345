import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { loadMigrations } from '../../src/migrations/load.ts';
import { listRevisions, readMigrations } from '../../src/migrations/read.ts';
import { SCAFFOLDS, slugOf, writeMigration } from '../../src/migrations/scaffold.ts';
import { folderOf } from './files.ts';

const NOW = new Date('2024-06-01T12:00:00.500Z');

describe('Writing a migration', () => {
  const SLUGS: [string, string][] = [
    ['Add orders', 'add_orders'],
    ["add the trader's  e-mail!", 'add_the_traders_e_mail'],
    ['Größe für Überträge', 'grosse_fur_ubertrage'],
    ['../../etc/passwd', 'etc_passwd'],
    ['注文', 'migration'],
    ['', 'migration'],
    ['x'.repeat(100), 'x'.repeat(60)],
  ];
  for (const [message, slug] of SLUGS)
    it(`calls "${message.slice(0, 30)}" ${slug.slice(0, 30)}`, () => assert.equal(slugOf(message), slug));

  for (const format of SCAFFOLDS) {
    it(`writes ${format} that loads again, empty, with bodies and without transaction`, async () => {
      const folder = join(await folderOf({}), 'made', 'new');
      const isCode = ['ts', 'js', 'sequelize-cli'].includes(format);
      const bodies = isCode ? { up: 'await null;\nreturn;', down: 'return;' } : { up: 'SELECT 1;', down: 'SELECT 2;' };
      const first = await writeMigration(folder, { message: 'First', format, now: NOW });
      const second = await writeMigration(folder, { message: 'Second\n*/ x', format, now: NOW, ...bodies });
      const third = await writeMigration(folder, { message: 'Third', format, now: NOW, ...bodies, transaction: false });
      assert.ok(first.ok && second.ok && third.ok);
      const read = await readMigrations(folder);
      assert.ok(read.ok, read.ok ? '' : read.problem.message);
      assert.deepEqual(
        read.files.map(({ revision }) => revision),
        [first.revision, second.revision, third.revision],
      );
      assert.match(first.revision, /^V?20240601120000_+first$/);
      const loaded = await loadMigrations(folder, read.files, 'postgres');
      assert.deepEqual(
        loaded.map(({ description }) => description),
        ['First', 'Second */ x', 'Third'],
      );
      assert.deepEqual(
        loaded.map(({ transactional }) => transactional.up),
        [true, true, false],
      );
      assert.equal(loaded[1]?.down === undefined, format === 'plain');
      assert.equal(loaded[0]?.down === undefined, format === 'plain' || format === 'flyway');
      for (const { up } of loaded) if (up.kind === 'code') await up.call({}, {});
    });
  }

  it('reports the path that it wrote', async () => {
    const folder = await folderOf({});
    const written = await writeMigration(folder, { message: 'Pair', format: 'golang-migrate', now: NOW });
    assert.ok(written.ok);
    assert.deepEqual(written.files, [`${folder}/20240601120000_pair.up.sql`, `${folder}/20240601120000_pair.down.sql`]);
    assert.deepEqual((await readdir(folder)).sort(), written.files.map((file) => basename(file)).sort());
  });

  const EXISTING: [string, string, string][] = [
    ['a clock that is behind', '20300101235959_x.sql', '20300102000000_new'],
    ['a clock that is behind by a format', '20300101T235959_x.ts', '20300102000000_new'],
    ['a number that is no time', '99999999999999_x.sql', '100000000000000_new'],
    ['milliseconds', '20240601120000123_x.sql', '20240601120000124_new'],
    ['a sequence', '00012_x.sql', '20240601120000_new'],
    ['Flyway', 'V20300101000000__x.sql', '20300101000001_new'],
  ];
  for (const [name, existing, expected] of EXISTING) {
    it(`sorts last in spite of ${name}`, async () => {
      const folder = await folderOf({ [existing]: 'SELECT 1;' });
      const written = await writeMigration(folder, { message: 'new', format: 'sql', now: NOW });
      assert.ok(written.ok);
      assert.equal(written.revision, expected);
      const listed = await listRevisions(folder);
      assert.ok(listed.ok);
      assert.equal(listed.revisions.at(-1), expected);
    });
  }

  it('refuses where nothing with a number can sort last', async () => {
    const folder = await folderOf({ 'zebra.sql': 'SELECT 1;' });
    const written = await writeMigration(folder, { message: 'new', format: 'sql', now: NOW });
    assert.ok(!written.ok);
    assert.match(written.problem.message, /zebra does not begin with a number/);
  });

  it('overwrites nothing when many processes write at the same time', async () => {
    const folder = await folderOf({});
    const write = (i: number) =>
      writeMigration(folder, { message: 'same', format: 'sql', now: NOW, up: `SELECT ${i};` });
    const results = await Promise.all(Array.from({ length: 8 }, (_, i) => write(i)));
    const names = results.map((result) => (result.ok ? result.revision : result.problem.message));
    assert.equal(new Set(names).size, 8);
    const texts = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8')));
    assert.deepEqual(texts.map((text) => /SELECT (\d)/.exec(text)?.[1]).sort(), [
      '0',
      '1',
      '2',
      '3',
      '4',
      '5',
      '6',
      '7',
    ]);
  });
});
