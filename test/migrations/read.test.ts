import assert from 'node:assert/strict';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { listRevisions, readMigrations } from '../../src/migrations/read.ts';
import { folderOf } from './files.ts';

const SQL = 'SELECT 1;\n';
const empty = (...names: string[]) => Object.fromEntries(names.map((name) => [name, SQL]));

async function revisions(files: Record<string, string>): Promise<string[]> {
  const folder = await folderOf(files);
  const read = await readMigrations(folder);
  assert.ok(read.ok, read.ok ? '' : read.problem.message);
  const listed = await listRevisions(folder);
  assert.deepEqual(listed, { ok: true, revisions: read.files.map(({ revision }) => revision) });
  return read.files.map(({ revision }) => revision);
}

describe('Reading the migrations folder', () => {
  const ORDERS: [string, string[], string[]][] = [
    ['timestamps', ['20240102000000_b.sql', '20240101000000_c.ts'], ['20240101000000_c', '20240102000000_b']],
    ['numbers', ['10_c.sql', '2_b.sql', '1_a.sql'], ['1_a', '2_b', '10_c']],
    ['numbers with zeros', ['00010_c.sql', '00002_b.sql'], ['00002_b', '00010_c']],
    [
      'Flyway versions',
      ['V10__c.sql', 'V1.10__b.sql', 'V1.2__a.sql', 'V2_1__d.sql'],
      ['V1.2__a', 'V1.10__b', 'V2_1__d', 'V10__c'],
    ],
    ['names', ['b.sql', 'a.js'], ['a', 'b']],
    [
      'versions with a small v',
      ['v1.10.sql', 'v1.9.sql', 'v2__x.sql', 'V1.2__y.sql'],
      ['V1.2__y', 'v1.9', 'v1.10', 'v2__x'],
    ],
    [
      'versions with dots',
      ['1.10.0__b.sql', '1.2.0-a.sql', '10.sql', '1.2.sql'],
      ['1.2', '1.2.0-a', '1.10.0__b', '10'],
    ],
    [
      'dates with dots',
      ['2024.10.01-b.sql', '2024.06.02-c.sql', '2024.6.1-a.sql'],
      ['2024.6.1-a', '2024.06.02-c', '2024.10.01-b'],
    ],
    ['words that begin with v', ['view_2.sql', 'v.sql', 'v2x.sql', '1_a.sql'], ['1_a', 'v', 'v2x', 'view_2']],
    ['repeatable ones last', ['R__b.sql', 'R__a.sql', 'V1__z.sql', 'x.sql'], ['V1__z', 'x', 'R__a', 'R__b']],
    ['numbers before names', ['a.sql', '1_z.sql'], ['1_z', 'a']],
    ['dates with separators', ['2024-06-02-b.js', '2024-06-01-c.js'], ['2024-06-01-c', '2024-06-02-b']],
    [
      'Umzug times',
      ['2024.06.02T10.00.00.b.ts', '2024.06.01T10.00.00.c.ts'],
      ['2024.06.01T10.00.00.c', '2024.06.02T10.00.00.b'],
    ],
    ['nested folders', ['b/2_x.sql', 'a/10_y.sql', '1_z.sql'], ['1_z', '2_x', '10_y']],
  ];
  for (const [name, files, expected] of ORDERS) {
    it(`orders ${name}`, async () => assert.deepEqual(await revisions(empty(...files)), expected));
  }

  it('leaves out files that are not migrations', async () => {
    const others = ['.hidden.sql', '.git/1_x.sql', 'README.md', 'readme.sql', '1_a.d.ts', '1_a.js.map', '1_a.test.ts'];
    const more = ['1_a.spec.js', 'index.ts', '_shared.ts', '_lib/1_b.ts', 'node_modules/m/1_c.js', '__tests__/1_d.ts'];
    const rest = ['package.json', 'atlas.sum', 'embed.go', 'main_test.go', '1_a_test.go'];
    assert.deepEqual(await revisions(empty('1_a.ts', ...others, ...more, ...rest)), ['1_a']);
  });

  const NAMES: [string, string][] = [
    ['V117__Add_ TRB_Table.sql', 'V117__Add__TRB_Table'],
    ['V2_6__auth  model.sql', 'V2_6__auth_model'],
    ["20240101_don't (yet).sql", '20240101_don_t_yet_'],
    ['20240101-Müller&Söhne.js', '20240101-M_ller_S_hne'],
    ['1_a..b.sql', '1_a.b'],
  ];
  for (const [file, revision] of NAMES) {
    it(`reads the name ${file}, as other tools do`, async () => {
      assert.deepEqual(await revisions(empty(file)), [revision]);
    });
  }

  it('takes SQL of the same name that a migration in code reads for a part of it', async () => {
    const ts = "readFileSync(join(import.meta.dirname, '000_baseline.sql'))";
    const read = await readMigrations(
      await folderOf({ '000_baseline.ts': ts, '000_baseline.sql': SQL, '1_a.js': 'x("./1_a.sql")', '1_a.sql': SQL }),
    );
    assert.ok(read.ok, read.ok ? '' : read.problem.message);
    assert.deepEqual(
      read.files.map(({ files }) => files),
      [['000_baseline.ts'], ['1_a.js']],
    );
  });

  it('takes pairs as one migration, up first', async () => {
    const read = await readMigrations(
      await folderOf(empty('1_a.down.sql', '1_a.up.sql', 'U2.0__away.sql', 'V2__come.sql', '3_c.up.sql')),
    );
    assert.ok(read.ok);
    assert.deepEqual(
      read.files.map(({ revision, files }) => [revision, files]),
      [
        ['1_a', ['1_a.up.sql', '1_a.down.sql']],
        ['V2__come', ['V2__come.sql', 'U2.0__away.sql']],
        ['3_c', ['3_c.up.sql']],
      ],
    );
  });

  it('follows the links that a mounted ConfigMap consists of, and no circle', async () => {
    const folder = await folderOf({ '..2024/1_a.sql': SQL, '..2024/2_b.sql': SQL });
    await symlink('..2024', join(folder, '..data'));
    await symlink('..data/1_a.sql', join(folder, '1_a.sql'));
    await symlink('..data/2_b.sql', join(folder, '2_b.sql'));
    await symlink('.', join(folder, 'again'));
    await mkdir(join(folder, 'sub'));
    await symlink('..', join(folder, 'sub', 'up'));
    const read = await readMigrations(folder);
    assert.ok(read.ok);
    assert.deepEqual(
      read.files.map(({ files }) => files),
      [['1_a.sql'], ['2_b.sql']],
    );
  });

  it('reads a thousand', async () => {
    const files = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`${i + 1}_m.sql`, `SELECT ${i};\n`]));
    const found = await revisions(files);
    assert.equal(found.length, 1000);
    assert.equal(found[999], '1000_m');
  });

  describe('makes a checksum', () => {
    const checksum = async (files: Record<string, string>) => {
      const read = await readMigrations(await folderOf(files));
      assert.ok(read.ok);
      assert.match(read.files[0]?.checksum ?? '', /^sha256:[0-9a-f]{64}$/);
      return read.files[0]?.checksum;
    };
    it('that is the same for CRLF and LF', async () => {
      assert.equal(
        await checksum({ '1_a.sql': 'SELECT 1;\r\n-- x\r\n' }),
        await checksum({ '1_a.sql': 'SELECT 1;\n-- x\n' }),
      );
    });
    it('that sees a comment', async () => {
      assert.notEqual(await checksum({ '1_a.sql': 'SELECT 1; -- a' }), await checksum({ '1_a.sql': 'SELECT 1; -- b' }));
    });
    it('that sees text moved from up to down', async () => {
      const one = await checksum({ '1_a.up.sql': 'ab', '1_a.down.sql': 'c' });
      assert.notEqual(one, await checksum({ '1_a.up.sql': 'a', '1_a.down.sql': 'bc' }));
      assert.notEqual(one, await checksum({ '1_a.up.sql': 'c', '1_a.down.sql': 'ab' }));
    });
  });

  const TS = "export const up = async ({ context }: { context: X }): Promise<void> => { await context.run('a'); };\n";
  it('takes 1_a.ts alone if its compiled 1_a.js is excluded', async () => {
    const folder = await folderOf({ '1_a.ts': TS, '1_a.js': 'export const up = 1;', '1_a.js.map': '' });
    const read = await readMigrations(folder, { exclude: ['**/*.js'] });
    assert.ok(read.ok, read.ok ? '' : read.problem.message);
    assert.deepEqual(
      read.files.map(({ files }) => files),
      [['1_a.ts']],
    );
  });

  const REFUSED: [string, Record<string, string>, string, RegExp][] = [
    [
      'a .js beside a .ts, compiled or not',
      { '1_a.ts': TS, '1_a.js': 'export const up = 1;\n//# sourceMappingURL=1_a.js.map\n' },
      'DuplicateMigration',
      /1_a\.js and 1_a\.ts are the same migration\. .*exclude: \['\*\*\/\*\.js'\]/,
    ],
    ['a .cjs beside a .mts', { '1_a.mts': TS, '1_a.cjs': '' }, 'DuplicateMigration', /exclude: \['\*\*\/\*\.cjs'\]/],
    ['two extensions', empty('1_a.sql', '1_a.ts'), 'DuplicateMigration', /1_a\.ts and 1_a\.sql/],
    ['two compiled ones', empty('1_a.js', '1_a.mjs'), 'DuplicateMigration', /1_a\.js and 1_a\.mjs/],
    [
      'equal names in nested folders',
      empty('a/1_x.sql', 'b/1_x.sql'),
      'DuplicateMigration',
      /a\/1_x\.sql and b\/1_x\.sql/,
    ],
    ['a pair and a single file', empty('1_a.up.sql', '1_a.sql'), 'DuplicateMigration', /1_a\.sql/],
    [
      'two of one golang-migrate version',
      empty('1_a.up.sql', '001_b.up.sql'),
      'DuplicateMigration',
      /001_b\.up\.sql and 1_a\.up\.sql/,
    ],
    [
      'two of one Flyway version',
      empty('V1__a.sql', 'V1.0__b.sql'),
      'DuplicateMigration',
      /V1\.0__b\.sql and V1__a\.sql/,
    ],
    ['SQL beside code that does not read it', empty('1_a.ts', '1_a.sql'), 'DuplicateMigration', /1_a\.ts and 1_a\.sql/],
    ['a down without its up', empty('1_a.down.sql'), 'InvalidMigration', /1_a\.down\.sql has no matching up migration/],
    ['an undo without its version', empty('U1__a.sql'), 'InvalidMigration', /U1__a\.sql has no matching up migration/],
    ['a name of other characters alone', empty('— —.sql'), 'InvalidMigration', /"— —" is not a valid migration name/],
    [
      'two names that differ only in such characters',
      empty('1_add orders.sql', '1_add&orders.sql'),
      'DuplicateMigration',
      /1_add orders\.sql/,
    ],
    ['a name that is too long', empty(`1_${'x'.repeat(200)}.sql`), 'InvalidMigration', /at most 200/],
    ['a baseline', empty('B2__base.sql'), 'InvalidMigration', /Baseline/],
    [
      'a migration in Go',
      empty('00002_rows.go'),
      'UnsupportedMigrations',
      /00002_rows\.go.*: \.go files are not supported/,
    ],
    ['a migration in Python', empty('0001_initial.py'), 'UnsupportedMigrations', /\.py files/],
  ];
  for (const [name, files, reason, message] of REFUSED) {
    it(`refuses ${name}`, async () => {
      const read = await readMigrations(await folderOf(files));
      assert.ok(!read.ok);
      assert.equal(read.problem.reason, reason);
      assert.match(read.problem.message, message);
    });
  }

  it('reports the path and what to do if there is no folder', async () => {
    const folder = await folderOf({ file: '' });
    const missing = await readMigrations(join(folder, 'nowhere'));
    assert.ok(!missing.ok);
    assert.equal(missing.problem.reason, 'MigrationsNotFound');
    assert.ok(missing.problem.message.includes(`${folder}/nowhere does not exist`));
    assert.match(missing.problem.message, /db-manager generate/);
    const file = await listRevisions(join(folder, 'file'));
    assert.ok(!file.ok);
    assert.match(file.problem.message, /is not a folder/);
  });

  it('finds an empty folder empty', async () => {
    const folder = await folderOf({});
    await writeFile(join(folder, '.keep'), '');
    assert.deepEqual(await readMigrations(folder), { ok: true, files: [] });
  });
});
