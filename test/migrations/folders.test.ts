import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { loadMigrations } from '../../src/migrations/load.ts';
import { readMigrations } from '../../src/migrations/read.ts';
import { writeMigration } from '../../src/migrations/scaffold.ts';
import { folderOf } from './files.ts';

const SQL = 'SELECT 1;\n';
const SEQUELIZE = 'module.exports = { up: async (queryInterface, Sequelize) => {}, down: async () => {} };\n';
const UMZUG = 'export const up = async ({ context }) => {};\n';
const DBMATE = '-- migrate:up\nSELECT 1;\n-- migrate:down\nSELECT 2;\n';
const empty = (...names: string[]) => Object.fromEntries(names.map((name) => [name, SQL]));

interface Seen {
  revisions: string[];
  notices: string[];
  folder: string;
}

async function see(
  files: Record<string, string>,
  globs: { include?: string[]; exclude?: string[] } = {},
): Promise<Seen> {
  const folder = await folderOf(files);
  const notices: string[] = [];
  const read = await readMigrations(folder, { ...globs, onNotice: (sentence) => notices.push(sentence) });
  assert.ok(read.ok, read.ok ? '' : read.problem.message);
  return { revisions: read.files.map(({ revision }) => revision), notices, folder };
}

function seen({ revisions, notices }: Seen) {
  return { revisions, notices };
}

async function refusal(files: Record<string, string>): Promise<{ reason: string; message: string }> {
  const read = await readMigrations(await folderOf(files));
  assert.ok(!read.ok, 'it was read');
  return read.problem;
}

describe('A suffix in any spelling', () => {
  for (const name of [
    '4_d.SQL',
    '4_d.Sql',
    'V10__j.SQL',
    '4_d.up.SQL',
    '4_d.UP.sql',
    '4_d.JS',
    '4_d.Ts',
    '4_d.CJS',
    '4_d.mJS',
  ])
    it(`${name} is read`, async () => {
      const { revisions, notices } = await see({ '1_a.sql': SQL, [name]: SQL });
      assert.equal(revisions.length, 2);
      assert.match(revisions[1] ?? '', /^(?:4_d|V10__j)$/);
      assert.deepEqual(notices, []);
    });

  const CODE: [string, string, string?][] = [
    ['1_a.JS', 'module.exports = { up: async (q, S) => q.x(S) };'],
    ['1_a.Js', 'export const up = async ({ context }) => context;', '{"type":"module"}'],
    ['1_a.js', 'export const up = async ({ context }) => context;'],
    ['1_a.JS', 'export const up = async ({ context }) => context;'],
    ['1_a.TS', 'export const up = async ({ context }: { context: unknown }) => context;'],
    ['1_a.MTS', 'export const up = async ({ context }: { context: unknown }): Promise<unknown> => context;'],
    ['1_a.CJS', 'exports.up = async (q, S) => q.x(S);'],
  ];
  for (const [name, text, manifest] of CODE)
    it(`${name} is imported as its language: ${text.slice(0, 24)}`, async () => {
      const folder = await folderOf({ [name]: text, ...(manifest ? { 'package.json': manifest } : {}) });
      const read = await readMigrations(folder);
      assert.ok(read.ok);
      const [loaded] = await loadMigrations(folder, read.files, 'sqlite');
      assert.equal(loaded?.up.kind, 'code');
    });

  it('makes one pair of two spellings, and SQL in capitals is parsed as SQL', async () => {
    const folder = await folderOf({ '1_a.up.SQL': 'CREATE TABLE a (id int);', '1_a.DOWN.sql': 'DROP TABLE a;' });
    const read = await readMigrations(folder);
    assert.ok(read.ok);
    const [loaded] = await loadMigrations(folder, read.files, 'postgres');
    assert.equal(loaded?.format, 'golang-migrate');
    assert.ok(loaded?.up.kind === 'sql' && loaded.down?.kind === 'sql');
  });
});

describe('A file that is left out', () => {
  const NAMED: [string, RegExp][] = [
    ['2_b.sql~', /2_b\.sql~ \(a copy/],
    ['2_b.sql.bak', /2_b\.sql\.bak \(a copy/],
    ['2_b.js.orig', /2_b\.js\.orig \(a copy/],
    ['#2_b.sql#', /#2_b\.sql# \(a copy/],
    ['2_b.txt', /2_b\.txt \(\.txt is not run\)/],
    ['2_b', /2_b \(no suffix\)/],
    ['data.csv', /data\.csv \(\.csv is not run\)/],
    ['index.js', /index\.js \(an index\)/],
    ['2_b.test.ts', /2_b\.test\.ts \(a test\)/],
    ['atlas.sum', /atlas\.sum/],
    ['schema.sql.gz', /schema\.sql\.gz/],
    ['embed.go', /embed\.go \(\.go is not run\)/],
  ];
  for (const [name, notice] of NAMED)
    it(`is named once: ${name}`, async () => {
      const { revisions, notices } = await see({ '1_a.sql': SQL, [name]: SQL });
      assert.deepEqual(revisions, ['1_a']);
      assert.equal(notices.length, 1);
      assert.match(notices[0] ?? '', notice);
      assert.equal(notices[0]?.split(name).length, 2);
    });

  it('is not reported if it is clearly not a migration', async () => {
    const { notices } = await see(
      empty(
        '1_a.sql',
        '.DS_Store',
        '.gitkeep',
        'README.md',
        'readme.sql',
        'LICENSE',
        '1_a.js.map',
        '1_a.d.ts',
        '_x.ts',
      ),
    );
    assert.deepEqual(notices, []);
  });

  it('is named with its folder where many lie there', async () => {
    const many = Array.from({ length: 30 }, (_, i) => `models/m${i}.ts`);
    const { notices } = await see(empty('1_a.sql', ...many));
    assert.deepEqual(notices, ['Left out, not migrations: the 30 files of models/ (nested, without a version).']);
  });

  const REFUSED: [string, RegExp][] = [
    ['4_d.ddl', /^4_d\.ddl: \.ddl files are not run/],
    ['4_d.psql', /\.psql files are not run/],
    ['4_d.PGSQL', /not run/],
    ['4_d.sql.gz', /compressed.*Unpack/],
    ['4_d.SQL.zst', /compressed/],
    ['V4__d.sql.zip', /compressed/],
    ['4_d.rs', /\.rs files are not supported/],
    ['4_d.kt', /\.kt files are not supported/],
  ];
  for (const [name, message] of REFUSED)
    it(`is a refusal where it would be missed: ${name}`, async () => {
      const problem = await refusal({ '1_a.sql': SQL, [name]: SQL });
      assert.equal(problem.reason, 'UnsupportedMigrations');
      assert.match(problem.message, message);
      assert.ok(problem.message.includes(name));
    });
});

describe('A link', () => {
  it('is read as what it leads to; one that leads nowhere is not left out without a word', async () => {
    const folder = await folderOf({ 'm/1_a.sql': SQL, 'elsewhere/2_b.sql': SQL });
    await symlink('../elsewhere/2_b.sql', join(folder, 'm/2_b.sql'));
    const whole = await readMigrations(join(folder, 'm'));
    assert.deepEqual(whole.ok && whole.files.map(({ revision }) => revision), ['1_a', '2_b']);
    await symlink('gone', join(folder, 'm/latest'));
    const notices: string[] = [];
    assert.ok((await readMigrations(join(folder, 'm'), { onNotice: (text) => notices.push(text) })).ok);
    assert.deepEqual(notices, ['Left out, not migrations: latest (no suffix).']);
    await symlink('../gone/3_c.sql', join(folder, 'm/3_c.sql'));
    const broken = await readMigrations(join(folder, 'm'));
    assert.ok(!broken.ok);
    assert.match(broken.problem.message, /^3_c\.sql cannot be read \(ENOENT\)/);
  });
});

describe('A folder that another tool wrote', () => {
  const many = (name: (i: string) => string, count = 300) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [name(String(i + 1).padStart(4, '0')), SQL]));
  const FOLDERS: [string, Record<string, string>, RegExp][] = [
    ['Diesel', many((i) => `2020-01-01-00${i}_x/up.sql`), /Diesel.*and 299 more.*mv/],
    ['Hasura', many((i) => `default/1700000000${i}_x/up.sql`), /Hasura.*and 299 more/],
    ['Diesel with downs', { ...many((i) => `${i}_x/up.sql`), ...many((i) => `${i}_x/down.sql`) }, /Diesel/],
    ['Rails', many((i) => `2014010100${i}_create_x.rb`), /Rails.*\.rb files are not supported/],
    ['Django', { ...many((i) => `${i}_initial.py`), '__init__.py': '' }, /Django.*sqlmigrate/],
    ['Alembic', { 'env.py': '', 'versions/1975ea83b712_x.py': '', 'versions/ae1027a6acf0_y.py': '' }, /Alembic/],
    [
      'Alembic, its versions',
      { 'ae1027a6acf0_create_orders.py': '', '__init__.py': '' },
      /Alembic.*adopt --from alembic/,
    ],
    ['Alembic with dates', { '2024_06_01_1200-ae1027a6acf0_add.py': '' }, /Alembic/],
    ['Liquibase', { 'db.changelog-master.xml': '', 'changes/001.xml': '' }, /Liquibase/],
    ['Liquibase in YAML', { 'changelog.yaml': '' }, /Liquibase/],
    ['Sqitch', { 'sqitch.plan': '', 'deploy/a.sql': SQL, 'revert/a.sql': SQL }, /Sqitch/],
    ['Laravel', many((i) => `2014_10_12_00${i}_create_users_table.php`), /Laravel/],
    ['Doctrine', { 'Version20240101120000.php': '' }, /Doctrine/],
    ['Phinx', { '20240101120000_create_users.php': '' }, /Phinx/],
    ['Ecto', { '20240101120000_create_users.exs': '' }, /Ecto/],
    ['EF Core', { '20240101120000_Init.cs': '', '20240101120000_Init.Designer.cs': '' }, /Entity Framework/],
    ['Java for Flyway', { 'V1__a.sql': SQL, 'V2__b.java': '' }, /Flyway.*adopt --from flyway/],
    ['Go for goose', { '00001_a.sql': SQL, '00002_b.go': '', '00003_c.go': '' }, /goose.*00002_b\.go and 1 more/],
  ];
  for (const [name, files, message] of FOLDERS)
    it(`is answered with one sentence and what to do: ${name}`, async () => {
      const problem = await refusal(files);
      assert.equal(problem.reason, 'UnsupportedMigrations');
      assert.match(problem.message, message);
      assert.ok(problem.message.length < 500, problem.message);
    });

  it('becomes one that runs by the command which the sentence gives (Diesel)', async () => {
    const folders: [Record<string, string>, string[]][] = [
      [{ '1_a/up.sql': SQL, '1_a/down.sql': SQL, '2_b/up.sql': SQL, '2_b/down.sql': SQL }, ['1_a', '2_b']],
      [{ 'default/1_a/up.sql': SQL, 'default/1_a/down.sql': SQL, 'default/2_b c/up.sql': SQL }, ['1_a', '2_b_c']],
    ];
    for (const [files, revisions] of folders) {
      const folder = await folderOf(files);
      const read = await readMigrations(folder);
      assert.ok(!read.ok);
      const command = /: (find .* done)\.$/.exec(read.problem.message)?.[1] ?? 'false';
      execFileSync('sh', ['-c', command], { cwd: folder });
      const again = await readMigrations(folder);
      assert.deepEqual(again.ok && again.files.map(({ revision }) => revision), revisions);
    }
  });

  it('has callbacks of Flyway, which would run as migrations', async () => {
    const callbacks = ['beforeMigrate.sql', 'afterMigrate__grants.sql', 'afterEachMigrateStatementError.SQL'];
    for (const name of [...callbacks, 'createSchema.sql']) {
      const { reason, message } = await refusal({ 'V1__a.sql': SQL, [name]: SQL });
      assert.equal(reason, 'InvalidMigration');
      assert.ok(message.startsWith(`${name}: Callbacks of Flyway`), message);
    }
    const others = { '1_a.sql': SQL, '2_afterMigrate.sql': SQL, 'beforeMigrate.sql': SQL };
    assert.deepEqual((await see(others)).revisions, ['1_a', '2_afterMigrate', 'beforeMigrate']);
    const flyway = { 'V1__afterMigrate.sql': SQL, 'V2__b.sql': SQL, 'R__afterMigrate.sql': SQL };
    assert.equal((await see(flyway)).revisions.length, 3);
  });

  it('does not hide migrations that run here: rewritten ones next to Alembic, a changelog, SQL of Drizzle', async () => {
    const beside = await see({ '1975ea83b712_a.sql': SQL, 'env.py': '', 'versions/1975ea83b712_a.py': '' });
    assert.deepEqual(beside.revisions, ['1975ea83b712_a']);
    assert.match(beside.notices[0] ?? '', /env\.py/);
    assert.deepEqual((await see({ '1_a.sql': SQL, 'db.changelog.xml': '' })).revisions, ['1_a']);
    const drizzle = await see({ '0000_a.sql': SQL, 'meta/0000_snapshot.json': '{}' });
    assert.deepEqual(drizzle.revisions, ['0000_a']);
  });

  it('has the folders of Prisma as migrations, with the down that people put next to them', async () => {
    const files = {
      'migration_lock.toml': 'provider = "postgresql"',
      '0_init/migration.sql': SQL,
      '20240101120000_a/migration.sql': SQL,
      '20240101120000_a/down.sql': SQL,
      '20240102120000_b/migration.sql': SQL,
      '20240102120000_b/snapshot.json': '{}',
    };
    assert.deepEqual(seen(await see(files)), {
      revisions: ['0_init', '20240101120000_a', '20240102120000_b'],
      notices: [],
    });
    const folder = await folderOf(
      Object.fromEntries(Object.entries(files).map(([name, text]) => [`db/${name}`, text])),
    );
    const read = await readMigrations(folder);
    assert.ok(read.ok);
    assert.deepEqual(
      read.files.map(({ files }) => files),
      [
        ['db/0_init/migration.sql'],
        ['db/20240101120000_a/migration.sql', 'db/20240101120000_a/down.sql'],
        ['db/20240102120000_b/migration.sql'],
      ],
    );
  });

  const journal = (...tags: string[]) =>
    JSON.stringify({
      version: '7',
      entries: tags.map((tag, idx) => ({ idx, version: '7', when: idx, tag, breakpoints: true })),
    });

  it('follows the journal of Drizzle', async () => {
    const meta = { 'meta/0000_snapshot.json': '{}', 'meta/_journal.json': journal('0000_a', '0001_b') };
    assert.deepEqual(seen(await see({ '0000_a.sql': SQL, '0001_b.sql': SQL, '0002_draft.sql': SQL, ...meta })), {
      revisions: ['0000_a', '0001_b'],
      notices: ['Left out, not migrations: 0002_draft.sql (not in meta/_journal.json).'],
    });
    const gone = await refusal({ '0000_a.sql': SQL, ...meta });
    assert.match(gone.message, /^0001_b\.sql: in meta\/_journal\.json, but not in the folder/);
    const names = { 'b.sql': SQL, 'a.sql': SQL };
    const order = await refusal({ ...names, 'meta/_journal.json': journal('b', 'a') });
    assert.match(order.message, /b is before a there/);
    assert.deepEqual((await see({ ...names, 'meta/_journal.json': journal('a', 'b') })).revisions, ['a', 'b']);
    assert.match((await refusal({ '1_a.sql': SQL, 'meta/_journal.json': '{' })).message, /journal of Drizzle/);
  });

  it('names the script configuration of Flyway that has no script', async () => {
    const { notices } = await see({
      'V1__a.sql': SQL,
      'V1__a.sql.conf': '',
      'V2__b.sql.conf': '',
      'R__v.sql.conf': '',
    });
    assert.deepEqual(notices, [
      'Left out, not migrations: R__v.sql.conf (R__v.sql does not exist); V2__b.sql.conf (V2__b.sql does not exist).',
    ]);
  });

  it('has the repeatable files of Flyway after its versioned ones', async () => {
    const { revisions, notices } = await see({ 'V1__a.sql': SQL, 'R__a.sql': SQL, 'R__b.sql': SQL, 'r/R__c.sql': SQL });
    assert.deepEqual(revisions, ['V1__a', 'R__a', 'R__b', 'R__c']);
    assert.deepEqual(notices, []);
  });
});

describe('The depth of a folder', () => {
  const DEPTHS: [string, Record<string, string>, string[], RegExp?][] = [
    [
      'sequelize-cli: flat',
      { '1-a.js': SEQUELIZE, 'old-ones/0-x.js': SEQUELIZE },
      ['1-a'],
      /old-ones\/0-x\.js \(nested: seq/,
    ],
    ['dbmate: flat', { '1_a.sql': DBMATE, 'more/2_b.sql': DBMATE }, ['1_a'], /dbmate does not/],
    [
      'goose: flat',
      { '1_a.sql': '-- +goose Up\nSELECT 1;', 'm/2_b.sql': '-- +goose Up\nSELECT 1;' },
      ['1_a'],
      /goose does/,
    ],
    ['golang-migrate: flat', empty('1_a.up.sql', 'more/2_b.up.sql'), ['1_a'], /golang-migrate does not/],
    ['Flyway: recursive, an archive too', empty('V2__b.sql', 'archive/V1__a.sql'), ['V1__a', 'V2__b']],
    ['Umzug: recursive', { '1_a.js': UMZUG, 'more/2_b.js': UMZUG }, ['1_a', '2_b']],
    ['plain SQL: recursive', empty('1_a.sql', '2024/2_b.sql'), ['1_a', '2_b']],
    ['an archive', empty('2_b.sql', 'archives/1_a.sql', 'archive/2023/0_z.sql'), ['2_b'], /archives\/1_a\.sql/],
    [
      'helpers',
      { '1_a.sql': SQL, 'lib/helper.js': '', 'scripts/1_run.js': UMZUG },
      ['1_a'],
      /lib\/helper\.js.*scripts\/1_run/,
    ],
    [
      'the folder that holds them, beside models and seeds',
      {
        ...empty('versions/1_a.sql'),
        'models/index.ts': '',
        'models/account.ts': '',
        'seed.ts': '',
        'seed/books.ts': '',
      },
      ['1_a'],
      /seed\.ts \(not in versions\/ and without a version\)/,
    ],
    ['the folder that holds them, beside an archive', empty('versions/2_b.sql', 'archive/1_a.sql'), ['2_b'], /archive/],
    ['one folder for each year', empty('2023/1_a.sql', '2024/2_b.sql'), ['1_a', '2_b']],
    [
      'all formats in a folder below',
      { 'v/1_a.sql': DBMATE, 'v/2-b.js': SEQUELIZE, 'v/c.sql': SQL },
      ['1_a', '2-b', 'c'],
    ],
  ];
  for (const [name, files, expected, notice] of DEPTHS)
    it(`is that of its tool: ${name}`, async () => {
      const { revisions, notices } = await see(files);
      assert.deepEqual(revisions, expected);
      if (notice === undefined) assert.deepEqual(notices, []);
      else assert.match(notices.join('\n'), notice);
    });

  it('follows include and exclude', async () => {
    const files = { '1-a.js': SEQUELIZE, 'more/2-b.js': SEQUELIZE, 'env.py': '', '3_c.rb': '' };
    assert.deepEqual((await see(files, { include: ['**/*.js'] })).revisions, ['1-a', '2-b']);
    assert.deepEqual((await see(files, { exclude: ['*.rb', 'more'] })).revisions, ['1-a']);
    const { notices } = await see(files, { exclude: ['*.rb', 'more/', 'env.py'] });
    assert.deepEqual(notices, []);
    assert.deepEqual((await see(files, { include: ['more/**'] })).revisions, ['2-b']);
  });

  it('is kept by a new migration, which is written next to the others', async () => {
    const { folder } = await see(empty('versions/1_a.sql', 'seed.ts'));
    const written = await writeMigration(folder, { message: 'new', format: 'sql', now: new Date(0) });
    assert.ok(written.ok);
    assert.ok(written.files[0]?.startsWith(`${folder}/versions/`));
    const read = await readMigrations(folder);
    assert.deepEqual(read.ok && read.files.map(({ revision }) => revision), ['1_a', written.revision]);
  });
});

describe('The order of a folder', () => {
  const ORDERS: [string, string[], string[]][] = [
    [
      'sequelize-cli with two forms of dates: as text',
      ['20221117-133423-x.js', '20220101000000-a.js', '20230101000000-y.js'],
      ['20220101000000-a', '20221117-133423-x', '20230101000000-y'],
    ],
    [
      'sequelize-cli with days and seconds: as text',
      ['20221117-x.js', '20221117133423-w.js', '20221118000000-v.js'],
      ['20221117-x', '20221117133423-w', '20221118000000-v'],
    ],
    ['sequelize-cli with short numbers: as text', ['2_b.js', '10_a.js', '1_c.js'], ['10_a', '1_c', '2_b']],
    ['Umzug: as text, suffix and all', ['1_a.ts', '1_a-b.ts'], ['1_a-b', '1_a']],
    ['goose and golang-migrate: as numbers', ['2_b.up.sql', '10_a.up.sql'], ['2_b', '10_a']],
    [
      'mixed formats: as numbers, a dashed time as one',
      ['20221117-133423-x.js', '20220101000000_a.sql'],
      ['20220101000000_a', '20221117-133423-x'],
    ],
  ];
  for (const [name, files, expected] of ORDERS)
    it(`is that of the tool: ${name}`, async () => assert.deepEqual((await see(empty(...files))).revisions, expected));
});
