import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { findToolFiles, positionIn } from '../../src/migrations/tool-files.ts';
import { temporaryFolder } from '../support/lifetime.ts';

const SAMPLES = resolve('deploy/samples/commands');

describe('the files of the migrations of other tools', () => {
  const cases: [sample: string, tool: string, revision: string, file: string][] = [
    ['alembic', 'Alembic', '0003', 'migrations/versions/0003_total.py'],
    ['django', 'Django', 'shop.0003_total', 'shop/migrations/0003_total.py'],
    ['knex', 'Knex', '0003_total.cjs', 'migrations/0003_total.cjs'],
    ['typeorm', 'TypeORM', 'Total1700000000003', 'migrations/1700000000003-total.cjs'],
    ['drizzle', 'Drizzle', '1700000000003 (0a1b2c3d)', 'migrations/0002_total.sql'],
    ['node-pg-migrate', 'node-pg-migrate', '0003_total', 'migrations/0003_total.sql'],
    ['goose', 'goose', '3', 'migrations/00003_total.sql'],
    ['golang-migrate', 'golang-migrate', '3', 'migrations/3_total.up.sql'],
    ['flyway', 'Flyway', '3', 'migrations/V3__total.sql'],
    ['liquibase', 'Liquibase', 'changelog.sql::3::sample', 'changelog.sql'],
    ['sqitch', 'Sqitch', 'total', 'deploy/total.sql'],
    ['rails', 'Rails or dbmate', '20260101000003', 'db/migrate/20260101000003_total.rb'],
  ];
  for (const [sample, tool, revision, file] of cases) {
    it(`${tool}: ${revision}`, async () => {
      const found = await findToolFiles(join(SAMPLES, sample), [tool], [revision, 'no such revision']);
      assert.deepEqual([...found.keys()], [revision]);
      assert.equal(found.get(revision)?.file, file);
    });
  }

  it('have the number of the history, also with zeros, and a state of the history is not part of it', async () => {
    const folder = await temporaryFolder('tool-files');
    for (const file of ['V1_2__a b.sql', 'R__a view.sql', '000012_a.up.sql', '000012_a.down.sql', '000120_a.up.sql'])
      await writeFile(join(folder, file), 'SELECT 1;\n');
    const flyway = await findToolFiles(folder, ['Flyway'], ['1.2', 'R__a view.sql', '2']);
    assert.deepEqual(
      [...flyway].map(([revision, { file }]) => [revision, file]),
      [
        ['1.2', 'V1_2__a b.sql'],
        ['R__a view.sql', 'R__a view.sql'],
      ],
    );
    const dirty = await findToolFiles(folder, ['golang-migrate'], ['12 (dirty)']);
    assert.equal(dirty.get('12 (dirty)')?.file, '000012_a.up.sql');
  });

  it('are not searched in folders of packages, and a missing folder has none', async () => {
    const folder = await temporaryFolder('tool-files');
    for (const file of ['node_modules/x/20200101_a.sql', '.venv/20200101_a.sql', 'db/20200101_a.sql']) {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await writeFile(join(folder, file), 'SELECT 1;\n');
    }
    const found = await findToolFiles(folder, ['Rails or dbmate'], ['20200101']);
    assert.equal(found.get('20200101')?.file, 'db/20200101_a.sql');
    assert.equal((await findToolFiles(join(folder, 'missing'), ['goose'], ['1'])).size, 0);
  });

  it('report where a statement is, if its text is there', () => {
    const source = { file: 'a.py', text: 'x = 1\n\n  op.execute("ALTER TABLE a\n    ADD b int")\n' };
    assert.deepEqual(positionIn(source, 'ALTER TABLE a\n    ADD b int'), { file: 'a.py', line: 3, column: 15 });
    assert.equal(positionIn(source, 'ALTER TABLE other ADD b int'), undefined);
    assert.equal(positionIn(source, 'x'), undefined, 'too short to be meant');
  });
});
