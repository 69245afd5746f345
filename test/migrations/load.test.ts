import assert from 'node:assert/strict';
import type { Dialect } from '../../src/core/model/dialect.ts';
import type { LoadedMigration, MigrationBody } from '../../src/core/model/migration.ts';
import { loadMigration, loadMigrations } from '../../src/migrations/load.ts';
import { readMigrations } from '../../src/migrations/read.ts';
import { addFiles, FIXTURES, folderOf, problemOf } from './files.ts';

async function loadAll(folder: string, dialect: Dialect = 'postgres'): Promise<LoadedMigration[]> {
  const read = await readMigrations(folder);
  assert.ok(read.ok, read.ok ? '' : read.problem.message);
  return loadMigrations(folder, read.files, dialect);
}

async function loadOne(name: string, text: string, dialect: Dialect = 'postgres'): Promise<LoadedMigration> {
  const [only] = await loadAll(await folderOf({ [name]: text }), dialect);
  assert.ok(only);
  return only;
}

const sql = (body: MigrationBody | undefined) =>
  body?.kind === 'sql' ? body.statements.map((statement) => statement.sql) : body;

const call = async (body: MigrationBody | undefined, queryInterface: unknown = {}, sequelize: unknown = {}) => {
  assert.ok(body?.kind === 'code');
  await body.call(queryInterface, sequelize);
};

describe('Loading migrations', () => {
  const FOLDERS: [string, Dialect[], string[]][] = [
    ['umzug', ['postgres', 'sqlite'], ['umzug', 'umzug', 'umzug']],
    ['sequelize-cli', ['postgres', 'sqlite'], ['sequelize-cli', 'sequelize-cli', 'sequelize-cli', 'sequelize-cli']],
    ['dbmate', ['postgres', 'sqlite'], ['dbmate', 'dbmate', 'dbmate']],
    ['goose', ['postgres', 'sqlite'], ['goose', 'goose', 'goose']],
    ['golang-migrate', ['postgres', 'sqlite'], ['golang-migrate', 'golang-migrate', 'golang-migrate']],
    ['flyway', ['postgres', 'sqlite'], ['flyway', 'flyway', 'flyway']],
    ['sql', ['postgres', 'sqlite'], ['sql', 'sql']],
    [
      'mixed',
      ['postgres', 'sqlite'],
      ['golang-migrate', 'flyway', 'umzug', 'dbmate', 'sequelize-cli', 'goose', 'umzug'],
    ],
    ['postgres', ['postgres'], ['dbmate', 'golang-migrate']],
    ['sqlite', ['sqlite'], ['dbmate']],
  ];
  for (const [folder, dialects, formats] of FOLDERS) {
    it(`knows the formats of the folder ${folder}`, async () => {
      for (const dialect of dialects) {
        const loaded = await loadAll(`${FIXTURES}/${folder}`, dialect);
        assert.deepEqual(
          loaded.map(({ format }) => format),
          formats,
        );
        for (const { revision, down } of loaded) assert.equal(down === undefined, folder === 'sql', revision);
      }
    });
  }

  describe('of SQL', () => {
    it('reads dbmate with its options and places', async () => {
      const text =
        '-- Adds t\n\n-- migrate:up transaction:false\nCREATE TABLE t (a int);\n\n-- migrate:down\nDROP TABLE t;\n';
      const loaded = await loadOne('1_t.sql', text);
      assert.equal(loaded.format, 'dbmate');
      assert.equal(loaded.description, 'Adds t');
      assert.deepEqual(loaded.transactional, { up: false, down: true });
      assert.deepEqual(loaded.up, {
        kind: 'sql',
        statements: [{ sql: 'CREATE TABLE t (a int)', file: '1_t.sql', line: 4, column: 1 }],
      });
      assert.deepEqual(loaded.down, {
        kind: 'sql',
        statements: [{ sql: 'DROP TABLE t', file: '1_t.sql', line: 7, column: 1 }],
      });
    });

    it('reads a file with a byte order mark and CRLF as the one without', async () => {
      const text = '-- migrate:up\nSELECT 1;\nSELECT\n2;\n-- migrate:down\nSELECT 3;\n';
      const plain = await loadOne('1_t.sql', text);
      const windows = await loadOne('1_t.sql', `\uFEFF${text.replaceAll('\n', '\r\n')}`);
      assert.deepEqual(windows.up, plain.up);
      assert.deepEqual(windows.down, plain.down);
    });

    it('reads goose blocks statement by statement, with NO TRANSACTION for both directions', async () => {
      const text = [
        '-- +goose NO TRANSACTION',
        '-- +goose Up',
        'SELECT 1;',
        '-- +goose StatementBegin',
        'CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1; $$;',
        'SELECT 2;',
        '-- +goose StatementEnd',
        'SELECT 3',
        '-- +goose Down',
        'SELECT 4;',
      ].join('\n');
      const loaded = await loadOne('1_t.sql', text);
      assert.deepEqual(sql(loaded.up), [
        'SELECT 1',
        'CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1; $$',
        'SELECT 2',
        'SELECT 3',
      ]);
      assert.deepEqual(loaded.up.kind === 'sql' && loaded.up.statements.map(({ line }) => line), [3, 5, 6, 8]);
      assert.deepEqual(sql(loaded.down), ['SELECT 4']);
      assert.deepEqual(loaded.transactional, { up: false, down: false });
    });

    it('takes the BEGIN and COMMIT around a golang-migrate file off', async () => {
      const loaded = await loadOne('1_t.up.sql', 'BEGIN;\nSELECT 1;\nCOMMIT;\n');
      assert.deepEqual(sql(loaded.up), ['SELECT 1']);
      assert.equal(loaded.transactional.up, true);
    });

    it('runs what cannot run in a transaction outside one, where the format has no word for it', async () => {
      for (const name of ['1_t.up.sql', 'V1__t.sql', '1_t.sql']) {
        const loaded = await loadOne(name, 'CREATE UNIQUE INDEX CONCURRENTLY i ON t (a);\n');
        assert.equal(loaded.transactional.up, false, name);
        const mixed = await loadOne(name, 'SELECT 1; CREATE INDEX CONCURRENTLY i ON t (a);\n');
        assert.equal(mixed.transactional.up, true, name);
        const told = await loadOne(name, '-- db-manager:transaction:false\nSELECT 1;\n');
        assert.equal(told.transactional.up, false, name);
      }
    });

    it('does not take an empty down for a way back', async () => {
      const down = '-- migrate:up\nSELECT 1;\n-- migrate:down\n-- nothing yet\n';
      assert.equal((await loadOne('1_t.sql', down)).down, undefined);
      assert.ok((await loadOne('1_t.sql', '-- migrate:up\n-- migrate:down\n')).down);
    });

    const DESCRIPTIONS: [string, string, string][] = [
      ['20240601120000_add_orders.sql', 'SELECT 1;', 'add orders'],
      ['V1.2__add_orders.sql', 'SELECT 1;', 'add orders'],
      ['20240601120000-add-orders.sql', 'SELECT 1;', 'add orders'],
      ['1_a.sql', '/* Why it is */\nSELECT 1;', 'Why it is'],
      ['1_a.sql', '-- migrate:up\n-- Why it is\nSELECT 1;', 'Why it is'],
      ['1_add.sql', 'SELECT 1; -- not this', 'add'],
    ];
    for (const [name, text, expected] of DESCRIPTIONS) {
      it(`describes ${name} as "${expected}"`, async () => {
        assert.equal((await loadOne(name, text)).description, expected);
      });
    }

    const REFUSED: [string, string, string, RegExp, number][] = [
      ['a psql command', '1_a.sql', 'SELECT 1;\n\\d orders\n', /1_a\.sql:2:1: \\d is a command of psql/, 2],
      ['a psql command behind a statement', '1_a.sql', 'SELECT 1\n  \\gset\n', /:2:3: \\gset is/, 2],
      [
        'COPY FROM stdin',
        '1_a.sql',
        'SELECT 1;\nCOPY t (a) FROM stdin;\n1\n\\.\n',
        /:2:1: COPY … FROM stdin needs psql.*INSERT/,
        2,
      ],
      ['BEGIN', '1_a.sql', '-- migrate:up\nBEGIN;\nSELECT 1;\nCOMMIT;\n', /:2:1: BEGIN does not belong here/, 2],
      ['COMMIT in the middle', '1_a.up.sql', 'SELECT 1;\n COMMIT;\nSELECT 2;', /:2:2: COMMIT does not/, 2],
      ['ROLLBACK', '1_a.sql', 'SELECT 1;\nROLLBACK;', /ROLLBACK does not/, 2],
      ['END', '1_a.sql', 'SELECT 1;\nEND;', /END does not/, 2],
      [
        'START TRANSACTION',
        '1_a.sql',
        'START TRANSACTION ISOLATION LEVEL SERIALIZABLE;',
        /START TRANSACTION does not/,
        1,
      ],
      ['dbmate without up', '1_a.sql', '-- migrate:down\nSELECT 1;', /"-- migrate:up" has to come first/, 1],
      ['dbmate with two ups', '1_a.sql', '-- migrate:up\n-- migrate:up\n', /stands twice/, 2],
      ['SQL above dbmate', '1_a.sql', '-- x\nSELECT 1;\n-- migrate:up\n', /would never run/, 2],
      ['env of dbmate', '1_a.sql', '-- migrate:up env:X\n', /env:X: environment variables/, 1],
      ['an option misspelt', '1_a.sql', '-- migrate:up transactions:false\n', /is no option/, 1],
      ['ENVSUB', '1_a.sql', '-- +goose Up\n-- +goose ENVSUB ON\nSELECT 1;', /ENVSUB is not supported/, 2],
      ['goose without up', '1_a.sql', '-- +goose Down\nSELECT 1;', /no "-- \+goose Up"/, 1],
      ['goose upside down', '1_a.sql', '-- +goose Down\n-- +goose Up\n', /has to come before/, 1],
      [
        'a goose block that never ends',
        '1_a.sql',
        '-- +goose Up\n-- +goose StatementBegin\nSELECT 1;',
        /without StatementEnd/,
        2,
      ],
      ['an unknown goose word', '1_a.sql', '-- +goose Up\n-- +goose Sideways\n', /"\+goose sideways" is not known/, 2],
      [
        'a placeholder of Flyway',
        'V1__a.sql',
        "SELECT 1;\nSELECT '${schema}';",
        /V1__a\.sql:2:9: \$\{schema\} is a placeholder/,
        2,
      ],
    ];
    for (const [name, file, text, message, line] of REFUSED) {
      it(`refuses ${name}`, async () => {
        const problem = await problemOf(() => loadOne(file, text));
        assert.equal(problem.reason, 'InvalidMigration');
        assert.match(problem.message, message);
        assert.equal(problem.position?.line, line);
        assert.equal(problem.position?.file, file);
        assert.ok(problem.migration);
      });
    }

    it('lets savepoints, and control in a migration without transaction, through', async () => {
      await loadOne('1_a.sql', 'SAVEPOINT a; ROLLBACK TO a; ROLLBACK TO SAVEPOINT a; RELEASE a;');
      await loadOne('1_a.sql', '-- migrate:up transaction:false\nBEGIN; SELECT 1; COMMIT;');
    });

    it('refuses what is not UTF-8', async () => {
      const folder = await folderOf({});
      const { writeFile } = await import('node:fs/promises');
      await writeFile(`${folder}/1_a.sql`, Buffer.from('SELECT 1;', 'utf16le'));
      await writeFile(`${folder}/2_b.sql`, Buffer.from([0x27, 0xe9, 0x27]));
      const read = await readMigrations(folder);
      assert.ok(read.ok);
      const problem = await problemOf(() => loadMigrations(folder, read.files.slice(1), 'sqlite'));
      assert.match(problem.message, /2_b\.sql:1:1: The file is not UTF-8/);
    });
  });

  describe('of code', () => {
    it('refuses a file that changed since it was read', async () => {
      const folder = await folderOf({ '1_a.sql': 'SELECT 1;' });
      const read = await readMigrations(folder);
      assert.ok(read.ok && read.files[0]);
      await addFiles(folder, { '1_a.sql': 'SELECT 2;' });
      const problem = await problemOf(() => loadMigrations(folder, read.files, 'sqlite'));
      assert.equal(problem.reason, 'PlanChanged');
      assert.equal(problem.migration, '1_a');
      assert.match(problem.message, /1_a\.sql changed on disk/);
    });

    for (const extension of ['mjs', 'cjs', 'ts', 'js']) {
      it(`sees an edited .${extension} anew in the same process`, async () => {
        const text = (n: number) =>
          extension === 'cjs'
            ? `module.exports = { up: async ({ context }) => context.push(${n}) };`
            : `export const up = async ({ context }) => { context.push(${n}); };`;
        const folder = await folderOf({});
        const log: number[] = [];
        for (const n of [1, 2, 1]) {
          await addFiles(folder, { [`1_a.${extension}`]: text(n) });
          const [loaded] = await loadAll(folder);
          await call(loaded?.up, log);
        }
        assert.deepEqual(log, [1, 2, 1]);
      });
    }

    it('takes transaction and description from the exports', async () => {
      const text =
        "export const transaction = false;\nexport const description = 'Says why';\nexport const up = () => {};\n";
      const loaded = await loadOne('1_a.mjs', text);
      assert.deepEqual(loaded.transactional, { up: false, down: false });
      assert.equal(loaded.description, 'Says why');
      assert.equal(loaded.down, undefined);
      const object = await loadOne('1_a.cjs', 'module.exports = { transaction: false, up() {} };');
      assert.equal(object.transactional.up, false);
    });

    const EXPORTS: [string, string, string][] = [
      ['named exports', '1_a.mjs', 'export const up = ({ context }) => context.push(1);'],
      ['a default export', '1_a.mjs', 'export default { up: ({ context }) => context.push(1) };'],
      [
        'a default in a default',
        '1_a.cjs',
        'exports.__esModule = true; exports.default = { up: ({ context }) => context.push(1) };',
      ],
      ['module.exports', '1_a.cjs', 'module.exports = { n: 1, up({ context }) { context.push(this.n); } };'],
      [
        'an instance of a class',
        '1_a.mjs',
        'class M { n = 1; up({ context }) { context.push(this.n); } }\nexport default new M();',
      ],
      ['CommonJS without a package.json', '1_a.js', 'exports.up = async ({ context }) => context.push(1);'],
    ];
    for (const [name, file, text] of EXPORTS) {
      it(`finds up in ${name}`, async () => {
        const log: number[] = [];
        await call((await loadOne(file, text)).up, log);
        assert.deepEqual(log, [1]);
      });
    }

    const REFUSED: [string, string, string, RegExp, [number, number] | undefined][] = [
      [
        'a syntax error in .ts',
        '1_a.ts',
        'export const up = () => {\n  const x: number = ;\n};\n',
        /^1_a\.ts:2:21: SyntaxError: Expression expected\.$/,
        [2, 21],
      ],
      [
        'a syntax error in .mjs',
        '1_a.mjs',
        'export const up = () => {\n  const x = ;\n};\n',
        /^1_a\.mjs:2:13: SyntaxError: Unexpected token ';'\.$/,
        [2, 13],
      ],
      [
        'a syntax error in .cjs',
        '1_a.cjs',
        'module.exports = {\n  up() { const x = ; } };\n',
        /^1_a\.cjs:2:20: SyntaxError/,
        [2, 20],
      ],
      [
        'an enum',
        '1_a.ts',
        '\nenum A { B }\nexport const up = () => A.B;\n',
        /^1_a\.ts:2:1: .*enum is not supported.*compile it to \.js/,
        [2, 1],
      ],
      [
        'an error while it is imported',
        '1_a.mjs',
        '\n  missing();\nexport const up = 1;',
        /^1_a\.mjs:2:3: ReferenceError: missing is not defined\.$/,
        [2, 3],
      ],
      [
        'a package that is not there',
        '1_a.mjs',
        "import 'not-installed-here';",
        /Cannot find package 'not-installed-here'.*Install/,
        undefined,
      ],
      [
        'an export that is not there',
        '1_a.mjs',
        "import { nope } from 'node:fs';\nexport const up = nope;",
        /^1_a\.mjs:1:10: SyntaxError: .*nope/,
        [1, 10],
      ],
      [
        'a module without up',
        '1_a.mjs',
        'export const down = () => {};',
        /1_a\.mjs:1:1: There is no function "up"/,
        [1, 1],
      ],
      ['an up that is no function', '1_a.mjs', 'export const up = 1;', /There is no function "up"/, [1, 1]],
      [
        'a down that is no function',
        '1_a.mjs',
        'export const up = () => {}; export const down = 1;',
        /"down" is a number/,
        [1, 1],
      ],
      [
        'a transaction that is no boolean',
        '1_a.mjs',
        "export const up = () => {}; export const transaction = 'no';",
        /"transaction" has to be/,
        [1, 1],
      ],
      [
        'a migration of knex',
        '1_a.cjs',
        'exports.up = function (knex) { return knex.schema; };',
        /migration of knex/,
        [1, 1],
      ],
    ];
    for (const [name, file, text, message, place] of REFUSED) {
      it(`refuses ${name}, with the place and without a stack`, async () => {
        const problem = await problemOf(() => loadOne(file, text));
        assert.equal(problem.reason, 'InvalidMigration');
        assert.match(problem.message, message);
        assert.doesNotMatch(problem.message, /\n|\bat .*node:/);
        assert.deepEqual(problem.position && [problem.position.line, problem.position.column], place);
      });
    }

    it('names the migration in every problem', async () => {
      const folder = await folderOf({ '1_a.mjs': 'syntax error here' });
      const read = await readMigrations(folder);
      assert.ok(read.ok && read.files[0]);
      const [file] = read.files;
      assert.equal((await problemOf(() => loadMigration(folder, file, 'sqlite'))).migration, '1_a');
    });
  });
});
