// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders of Flyway look so
import assert from 'node:assert/strict';
import type { Dialect } from '../../src/core/model/dialect.ts';
import type { MigrationBody } from '../../src/core/model/migration.ts';
import { loadMigrations } from '../../src/migrations/load.ts';
import { readMigrations } from '../../src/migrations/read.ts';
import { FIXTURES, folderOf, loadAll, loadOne, problemOf } from './files.ts';

const sql = (body: MigrationBody | undefined) =>
  body?.kind === 'sql' ? body.statements.map((statement) => statement.sql) : body;

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

    it('ignores the two lines of pg_dump that protect psql, and no others', async () => {
      const dump = `--\n-- dump\n--\n\n\\restrict aB3\n\nSET check_function_bodies = false;\nCREATE TABLE t (a text DEFAULT '\n\\restrict x\n');\n\n\\unrestrict aB3\r\n`;
      const { up } = await loadOne('1_a.sql', dump, 'postgres');
      assert.ok(up.kind === 'sql');
      assert.deepEqual(
        up.statements.map(({ sql }) => sql),
        ['SET check_function_bodies = false', "CREATE TABLE t (a text DEFAULT '\n\\restrict x\n')"],
      );
      for (const line of ['\\restrict', '\\restrict a b', '\\restricted a', '\\unrestrict a; \\d']) {
        const text = `${line}\nSELECT 1;\n`;
        await assert.rejects(loadOne('1_a.sql', text, 'postgres'), /is a psql command/, line);
      }
    });

    it('reads a file with a byte order mark and CRLF as the one without', async () => {
      const text = '-- migrate:up\nSELECT 1;\nSELECT\n2;\n-- migrate:down\nSELECT 3;\n';
      const plain = await loadOne('1_t.sql', text);
      const windows = await loadOne('1_t.sql', `\uFEFF${text.replaceAll('\n', '\r\n')}`);
      assert.equal(windows.checksum, (await loadOne('1_t.sql', `\uFEFF${text}`)).checksum);
      const [first, second] = plain.up.kind === 'sql' ? plain.up.statements : [];
      assert.deepEqual(windows.up, { kind: 'sql', statements: [first, { ...second, sql: 'SELECT\r\n2' }] });
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

    const texts = async (file: string, text: string) => {
      const { up } = await loadOne(file, text);
      return up.kind === 'sql' ? up.statements.map((statement) => statement.sql) : [];
    };

    describe('replaces the placeholders of Flyway by the variables that Flyway reads', () => {
      const names = ['FLYWAY_PLACEHOLDERS_APP_PASSWORD', 'FLYWAY_PLACEHOLDERS_ROLE', 'FLYWAY_SCHEMAS'];
      const before = names.map((name) => process.env[name]);
      beforeEach(() => {
        process.env.FLYWAY_PLACEHOLDERS_APP_PASSWORD = 'x$&1';
        process.env.FLYWAY_PLACEHOLDERS_ROLE = 'app';
      });
      afterEach(() => {
        for (const [index, name] of names.entries()) {
          if (before[index] === undefined) delete process.env[name];
          else process.env[name] = before[index];
        }
      });
      const REPLACED: [string, string, string][] = [
        ['of any case', "ALTER USER ${Role} PASSWORD '${app_password}';", "ALTER USER app PASSWORD 'x$&1'"],
        [
          'Flyway’s own',
          "SELECT '${flyway:filename}', '${flyway:table}'",
          "SELECT 'V1__t.sql', 'flyway_schema_history'",
        ],
        ['the default schema', 'SET search_path = ${flyway:defaultSchema};', 'SET search_path = public'],
      ];
      for (const [name, text, expected] of REPLACED) {
        it(name, async () => assert.equal((await texts('V1__t.sql', text)).at(-1), expected));
      }
      it('the default schema from FLYWAY_SCHEMAS', async () => {
        process.env.FLYWAY_SCHEMAS = 'crm,public';
        assert.deepEqual(await texts('V1__t.sql', 'SELECT 1 AS ${flyway:defaultSchema}'), ['SELECT 1 AS crm']);
      });
      it('and leaves them in other formats', async () => {
        assert.deepEqual(await texts('1_t.sql', "SELECT '${role}'"), ["SELECT '${role}'"]);
      });
    });

    it('sends the line ends of the file, also where they differ', async () => {
      const body = '-- migrate:up\r\nSELECT 1;\r\nSELECT $$a\r\nb\nc$$,\r\n  2;\r\n';
      const loaded = await loadOne('1_t.sql', body);
      assert.deepEqual(await texts('1_t.sql', body), ['SELECT 1', 'SELECT $$a\r\nb\nc$$,\r\n  2']);
      assert.deepEqual(loaded.up.kind === 'sql' && loaded.up.statements.map(({ line }) => line), [2, 3]);
      const plain = await texts('V2__t.sql', "/* x */ INSERT INTO t VALUES ('one\r\ntwo');\r\n");
      assert.match(plain[0] ?? '', /'one\r\ntwo'/);
    });

    it('reads the script configuration of Flyway', async () => {
      const load = (text: string, conf: string) =>
        folderOf({ 'V1__t.sql': text, 'V1__t.sql.conf': conf })
          .then(loadAll)
          .then(([one]) => one);
      const text = "SELECT '${none}';";
      const loaded = await load(text, '# a comment\nexecuteInTransaction=false\nplaceholderReplacement = FALSE\n');
      assert.equal(loaded?.transactional.up, false);
      assert.equal((await load('VACUUM;', 'executeInTransaction=true'))?.transactional.up, true);
      await assert.rejects(
        load('SELECT 1;', '\nshouldExecute=false'),
        /V1__t\.sql\.conf:2:1: "shouldExecute=false" is not/,
      );
    });

    it('creates the history table of the tool in front of a statement that names it', async () => {
      const text = 'SELECT 1; -- flyway_schema_history\nREVOKE ALL ON flyway_schema_history FROM app;\n';
      const [one, create, revoke] = await texts('V1__t.sql', text);
      assert.deepEqual([one, revoke], ['SELECT 1', 'REVOKE ALL ON flyway_schema_history FROM app']);
      assert.match(create ?? '', /^CREATE TABLE IF NOT EXISTS flyway_schema_history \(installed_rank /);
      assert.equal((await texts('V1__t.sql', 'SELECT my_flyway_schema_history_2;')).length, 1);
      const goose = await texts('1_t.sql', '-- +goose Up\nSELECT count(*) FROM public.goose_db_version;');
      assert.match(goose[0] ?? '', /^CREATE TABLE IF NOT EXISTS goose_db_version /);
      assert.equal((await texts('1_t.sql', 'SELECT * FROM goose_db_version')).length, 1);
    });

    it('takes the BEGIN and COMMIT around a golang-migrate file off', async () => {
      const loaded = await loadOne('1_t.up.sql', 'BEGIN;\nSELECT 1;\nCOMMIT;\n');
      assert.deepEqual(sql(loaded.up), ['SELECT 1']);
      assert.equal(loaded.transactional.up, true);
    });

    const AROUND: [string, string, string][] = [
      ['goose', '1_t.sql', '-- +goose Up\nBEGIN;\nSELECT 1;\nCOMMIT;\n'],
      [
        'goose, in a block, COMMIT alone',
        '1_t.sql',
        '-- +goose Up\n-- +goose StatementBegin\nSELECT 1;\nCOMMIT;\n-- +goose StatementEnd\n',
      ],
      ['goose, BEGIN alone', '1_t.sql', '-- +goose Up\nBEGIN;\nSELECT 1;\n'],
      ['dbmate', '1_t.sql', '-- migrate:up\nSTART TRANSACTION;\nSELECT 1;\nEND;\n'],
      ['plain SQL', '20240123121855__x.sql', 'BEGIN TRANSACTION;\nSELECT 1;\nCOMMIT TRANSACTION;\n'],
      ['Flyway', 'V1__t.sql', 'SELECT 1;\nCOMMIT WORK;\n'],
    ];
    for (const [name, file, text] of AROUND) {
      it(`takes the BEGIN and COMMIT around everything off: ${name}`, async () => {
        const { up, transactional } = await loadOne(file, text);
        assert.deepEqual(up.kind === 'sql' && up.statements.map(({ sql }) => sql), ['SELECT 1']);
        assert.deepEqual(transactional, { up: true, down: true });
      });
    }

    it('sends a script for psql as it is where each COMMIT has its BEGIN', async () => {
      const { up, transactional } = await loadOne(
        '1_t.sql',
        'SELECT 1;\nBEGIN;\nSELECT 2;\nCOMMIT;\nBEGIN;\nSELECT 3;\nEND;\n',
      );
      assert.equal(up.kind === 'sql' && up.statements.length, 7);
      assert.equal(transactional.up, false);
    });

    it('sends a file of goose as it is where it commits in the middle', async () => {
      const { up, transactional } = await loadOne('1_t.sql', '-- +goose Up\nSELECT 1;\nCOMMIT;\nSELECT 2;\n');
      assert.equal(up.kind === 'sql' && up.statements.length, 3);
      assert.equal(transactional.up, false);
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

    it('does not count an empty down as a down migration', async () => {
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
      ['a psql command', '1_a.sql', 'SELECT 1;\n\\d orders\n', /1_a\.sql:2:1: \\d is a psql command/, 2],
      ['a psql command behind a statement', '1_a.sql', 'SELECT 1\n  \\gset\n', /:2:3: \\gset is/, 2],
      [
        'COPY FROM stdin',
        '1_a.sql',
        'SELECT 1;\nCOPY t (a) FROM stdin;\n1\n\\.\n',
        /:2:1: COPY … FROM stdin needs psql.*INSERT/,
        2,
      ],
      ['BEGIN', '1_a.sql', '-- migrate:up\nSELECT 0;\nBEGIN;\nSELECT 1;', /:3:1: BEGIN is not allowed here/, 3],
      ['COMMIT in the middle', '1_a.sql', 'SELECT 1;\n COMMIT;\nSELECT 2;', /:2:2: COMMIT is not allowed here/, 2],
      ['ROLLBACK', '1_a.sql', 'SELECT 1;\nROLLBACK;', /ROLLBACK is not allowed here/, 2],
      ['END', '1_a.sql', 'SELECT 1;\nEND;\nSELECT 2;', /END is not allowed here/, 2],
      [
        'a ROLLBACK of the transaction of goose',
        '1_a.sql',
        '-- +goose Up\nSELECT 1;\nROLLBACK;\nSELECT 2;',
        /:3:1: ROLLBACK is not allowed here/,
        3,
      ],
      [
        'START TRANSACTION',
        '1_a.sql',
        'START TRANSACTION ISOLATION LEVEL SERIALIZABLE;',
        /START TRANSACTION is not allowed here/,
        1,
      ],
      ['dbmate without up', '1_a.sql', '-- migrate:down\nSELECT 1;', /"-- migrate:up" must come first/, 1],
      ['dbmate with two ups', '1_a.sql', '-- migrate:up\n-- migrate:up\n', /occurs twice/, 2],
      ['SQL above dbmate', '1_a.sql', '-- x\nSELECT 1;\n-- migrate:up\n', /would never run/, 2],
      ['env of dbmate', '1_a.sql', '-- migrate:up env:X\n', /env:X: environment variables/, 1],
      ['an option misspelt', '1_a.sql', '-- migrate:up transactions:false\n', /is not a supported option/, 1],
      ['ENVSUB', '1_a.sql', '-- +goose Up\n-- +goose ENVSUB ON\nSELECT 1;', /ENVSUB is not supported/, 2],
      ['goose without up', '1_a.sql', '-- +goose Down\nSELECT 1;', /"-- \+goose Up" is missing/, 1],
      ['goose upside down', '1_a.sql', '-- +goose Down\n-- +goose Up\n', /must come before/, 1],
      [
        'a goose block that never ends',
        '1_a.sql',
        '-- +goose Up\n-- +goose StatementBegin\nSELECT 1;',
        /without StatementEnd/,
        2,
      ],
      ['an unknown goose word', '1_a.sql', '-- +goose Up\n-- +goose Sideways\n', /"\+goose sideways" is unknown/, 2],
      [
        'a placeholder of Flyway',
        'V1__a.sql',
        `SELECT 1;\nSELECT '\${schema}';`,
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
});
