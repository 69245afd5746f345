import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import type { Dialect } from '../../src/core/model/dialect.ts';
import type { Direction } from '../../src/core/model/migration.ts';
import type { ReadMigration } from '../../src/core/safety/action.ts';
import { openDatabase } from '../../src/database/open.ts';
import { recordOn } from '../../src/engine/recording.ts';
import { ignoresIn } from '../../src/migrations/statements/code-ignores.ts';
import { loadParser } from '../../src/migrations/statements/parser.ts';
import { withoutPlaceholders } from '../../src/migrations/statements/placeholders.ts';
import { readStatements, type StatementOptions } from '../../src/migrations/statements/read.ts';
import { recorder } from '../../src/migrations/statements/record.ts';
import { targetOf } from '../engine/request.ts';
import { DIALECTS, temporaryDatabase } from '../support/databases.ts';
import { folderOf, loadAll } from './files.ts';

async function read(
  files: Record<string, string>,
  dialect: Dialect = 'postgres',
  options: Partial<StatementOptions> = {},
): Promise<ReadMigration[]> {
  const folder = await folderOf(files);
  return readStatements(folder, await loadAll(folder, dialect), { dialect, direction: 'up', ...options });
}

const kinds = ({ statements }: ReadMigration) => statements.map(({ actions }) => actions?.map(({ kind }) => kind));
const places = ({ statements }: ReadMigration) =>
  statements.map(({ position }) => position && `${position.file}:${position.line}:${position.column}`);

describe('the statements of migrations on disk', () => {
  const forms: { it: string; files: Record<string, string>; up: string[]; down: string[] }[] = [
    {
      it: 'dbmate',
      files: { '1_a.sql': '-- migrate:up\n\nDROP TABLE a;\n  DROP TABLE b;\n-- migrate:down\nDROP TABLE c;\n' },
      up: ['1_a.sql:3:1', '1_a.sql:4:3'],
      down: ['1_a.sql:6:1'],
    },
    {
      it: 'goose',
      files: {
        '1_a.sql':
          '-- +goose Up\nDROP TABLE a;\n-- +goose StatementBegin\nDROP TABLE b;\n-- +goose StatementEnd\n-- +goose Down\nDROP TABLE c;\n',
      },
      up: ['1_a.sql:2:1', '1_a.sql:4:1'],
      down: ['1_a.sql:7:1'],
    },
    {
      it: 'golang-migrate',
      files: { '1_a.up.sql': 'BEGIN;\nDROP TABLE a;\nDROP TABLE b;\nCOMMIT;\n', '1_a.down.sql': 'DROP TABLE c;' },
      up: ['1_a.up.sql:2:1', '1_a.up.sql:3:1'],
      down: ['1_a.down.sql:1:1'],
    },
    {
      it: 'Flyway',
      files: { 'V1__a.sql': 'DROP TABLE a; DROP TABLE b;', 'U1__a.sql': '\nDROP TABLE c;' },
      up: ['V1__a.sql:1:1', 'V1__a.sql:1:15'],
      down: ['U1__a.sql:2:1'],
    },
    {
      it: 'plain SQL',
      files: { '1_a.sql': 'DROP TABLE a;\nDROP TABLE b;' },
      up: ['1_a.sql:1:1', '1_a.sql:2:1'],
      down: [],
    },
  ];
  for (const dialect of ['postgres', 'sqlite'] as const) {
    for (const { it: form, files, up, down } of forms) {
      it(`in the form of ${form} are found with their place, read as ${dialect}`, async () => {
        for (const [direction, wanted] of [
          ['up', up],
          ['down', down],
        ] as [Direction, string[]][]) {
          const [migration] = await read(files, dialect, { direction });
          assert.ok(migration);
          assert.deepEqual(places(migration), wanted);
          assert.deepEqual(
            kinds(migration),
            wanted.map(() => ['dropTable']),
          );
          assert.equal(migration.direction, direction);
          assert.equal(migration.reversible, direction === 'down' || down.length > 0);
        }
      });
    }
  }

  it('include the ignore comments next to them, with the reason', async () => {
    const [migration] = await read({
      '1_a.sql': [
        '-- db-manager:ignore drop-table nobody has read it since May',
        '-- db-manager:ignore naming',
        'DROP TABLE a;',
        'DROP TABLE b; -- db-manager:ignore drop-table it is empty',
        'DROP TABLE c;',
      ].join('\n'),
    });
    assert.deepEqual(
      migration?.statements.map(({ ignore }) => ignore),
      [
        [
          { rule: 'drop-table', why: 'nobody has read it since May' },
          { rule: 'naming', why: '' },
        ],
        [{ rule: 'drop-table', why: 'it is empty' }],
        [],
      ],
    );
    assert.deepEqual(migration && places(migration), ['1_a.sql:3:1', '1_a.sql:4:1', '1_a.sql:5:1']);
  });

  it('are marked if they cannot be read, at the wrong word, and the others are read', async () => {
    const [migration] = await read({ '1_a.sql': 'DROP TABLE a;\nALTER TABLE b\n  ADDD COLUMN c int;\nDROP TABLE d;' });
    assert.deepEqual(migration && kinds(migration), [['dropTable'], undefined, ['dropTable']]);
    assert.equal(migration?.statements[1]?.unread, 'syntax error at or near "ADDD"');
    assert.deepEqual(migration.statements[1].position, { file: '1_a.sql', line: 3, column: 3 });
  });

  it('report whether they run in a transaction', async () => {
    const migrations = await read({
      '1_a.sql': '-- migrate:up transaction:false\nDROP INDEX CONCURRENTLY i;',
      '2_b.sql': 'DROP TABLE a;',
    });
    assert.deepEqual(
      migrations.map(({ transactional }) => transactional),
      [false, true],
    );
  });

  it('of code that was not recorded are not known', async () => {
    const [migration] = await read({ '1_a.js': 'export async function up() {}' });
    assert.equal(migration?.opaque, true);
    assert.deepEqual(migration.statements, []);
  });
});

const CODE = `// The way that Umzug documents.
export async function up({ context: queryInterface }) {
  await queryInterface.createTable('notes', { id: { type: 'INTEGER', primaryKey: true }, body: 'TEXT' });
  // db-manager:ignore naming this is how it was always called
  await queryInterface.addColumn('notes', 'extra', 'TEXT');
  const rows = await queryInterface.sequelize.query('SELECT 1 AS one');
  if (rows.length > 0) {
    await queryInterface.sequelize.query('UPDATE notes SET body = :text WHERE id = :id', { replacements: { text: 'a', id: 1 } });
  }
  await queryInterface.dropTable('notes'); // db-manager:ignore drop-table it was made above
}
`;

for (const dialect of DIALECTS) {
  describe(`the statements that code sends to ${dialect}`, () => {
    const timeouts = { connect: 3_000, lock: 2_000, statement: 0, run: 0 };
    async function recorded(files: Record<string, string>, most?: number) {
      const folder = await folderOf(files);
      const migrations = await loadAll(folder, dialect);
      const { url } = await temporaryDatabase(dialect);
      const database = await openDatabase(targetOf(url), { timeouts, applicationName: 'test', create: true });
      try {
        const work = { migrations, direction: 'up', folder, runId: 'test', timeouts } as const;
        const heard = await recordOn(database, work, recorder(folder, most));
        const options: StatementOptions = { dialect, direction: 'up', recorded: heard.recorded };
        return { read: await readStatements(folder, migrations, options), problem: heard.problem };
      } finally {
        await database.close();
      }
    }

    it('are recorded with the line that sent them, without what only looks, and read though values are left out', async () => {
      const { read, problem } = await recorded({ '1_a.js': CODE });
      assert.equal(problem, undefined);
      const [migration] = read;
      assert.ok(migration);
      assert.equal(migration.opaque, false);
      assert.deepEqual(
        migration.statements.map(({ position, actions }) => [position?.line, actions?.[0]?.kind]),
        [
          [3, 'createTable'],
          [5, 'addColumn'],
          [8, 'update'],
          [10, 'dropTable'],
        ],
      );
      assert.deepEqual(
        migration.statements.map(({ ignore }) => ignore.map(({ rule }) => rule)),
        [[], ['naming'], [], ['drop-table']],
      );
    });

    it('are not all known where the code never stops sending, and it is stopped', async () => {
      const { read, problem } = await recorded(
        {
          '1_a.mjs':
            "export async function up({ context }) {\n  for (;;) await context.sequelize.query('SELECT 1');\n}\n",
        },
        100,
      );
      assert.match(problem?.message ?? '', /more than 100 statements/);
      assert.deepEqual(
        read.map(({ opaque }) => opaque),
        [true],
      );
    });

    it('are not all known if the code fails, and statements after the failure are unknown', async () => {
      const { read, problem } = await recorded({
        '1_a.js':
          "export async function up({ context }) {\n  await context.dropTable('never_there');\n  await context.sequelize.query('DROP TABLE nowhere');\n}\n",
        '2_b.cjs': 'module.exports = { up: async (queryInterface) => queryInterface.sequelize.query("SELECT 1") };',
      });
      assert.equal(problem?.migration, '1_a');
      assert.deepEqual(
        read.map(({ opaque }) => opaque),
        [true, true],
      );
      assert.ok((read[0]?.statements.length ?? 0) > 0);
      assert.deepEqual(read[1]?.statements, []);
    });
  });
}

describe('reading statements', () => {
  it('takes out what code fills in, and leaves casts, strings and comments as they are', () => {
    const sql = "UPDATE t SET a = :a, b = b::text, c = ':c ?' WHERE id = ? -- :d\n";
    assert.equal(
      withoutPlaceholders(sql, 'postgres'),
      "UPDATE t SET a = NULL, b = b::text, c = ':c ?' WHERE id = NULL -- :d\n",
    );
  });

  it('assigns comments of code to their line, and the others to the whole migration', () => {
    const text = ['/* db-manager:ignore a first */', '', '/**', ' * db-manager:ignore b second', ' */', 'call();'].join(
      '\n',
    );
    const ignores = ignoresIn(text, 'x.ts');
    assert.deepEqual(ignores.at({ file: 'x.ts', line: 6, column: 1 }), [{ rule: 'b', why: 'second' }]);
    assert.deepEqual(ignores.elsewhere([{ file: 'x.ts', line: 6, column: 1 }]), [{ rule: 'a', why: 'first' }]);
  });

  it('never throws, for any text', async () => {
    for (const dialect of ['postgres', 'sqlite'] as const) {
      const parse = await loadParser(dialect);
      for (const text of [
        '',
        ';',
        '\0',
        "'",
        '(',
        'DROP',
        '💥',
        '-- only a comment',
        'SELECT '.repeat(2_000),
        '('.repeat(20_000),
      ]) {
        const parsed = parse(text);
        assert.ok('actions' in parsed || typeof parsed.message === 'string', text.slice(0, 20));
      }
    }
  });

  it('reads the fixtures of every form', async () => {
    for (const form of ['dbmate', 'flyway', 'golang-migrate', 'goose', 'postgres', 'sql']) {
      const folder = resolve('test/fixtures/formats', form);
      const migrations = await loadAll(folder);
      const read = await readStatements(folder, migrations, { dialect: 'postgres', direction: 'up' });
      assert.ok(read.length > 1);
      for (const { file, statements } of read) {
        for (const { unread, sql } of statements) assert.equal(unread, undefined, `${file}: ${sql}`);
      }
    }
  });
});
