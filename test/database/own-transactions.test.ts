import assert from 'node:assert/strict';
import type { Database } from '../../src/database/port.ts';
import { folderOf, loadAll, loadOne } from '../migrations/files.ts';
import { DIALECTS, temporaryDatabase } from '../support/databases.ts';
import { assertDone, failureOf, migrate, migration, numbers, openReady, sql, states } from './migration-fixtures.ts';

let count = 0;
const code = (up: string, more = '') => {
  count += 1;
  return loadOne(
    `${count}_code.cjs`,
    `module.exports = { up: async (queryInterface, Sequelize) => { const { sequelize: s } = queryInterface; ${up} }${more} };\n`,
  );
};
const query = (text: string) => `await s.query(\`${text}\`);`;

for (const dialect of DIALECTS) {
  describe(`transactions of the tools that migrations were written for, on ${dialect}`, () => {
    let database: Database;
    beforeEach(async () => {
      database = await openReady((await temporaryDatabase(dialect)).url);
      assertDone(await migrate(database, [migration(sql('CREATE TABLE t (n INTEGER)'), { name: '0_table' })]));
    });
    afterEach(() => database.close());

    const outsideOnly =
      dialect === 'postgres'
        ? [
            'CREATE INDEX CONCURRENTLY t_n ON t (n)',
            'VACUUM t',
            'ALTER SYSTEM RESET work_mem',
            'REINDEX TABLE CONCURRENTLY t',
          ]
        : ['VACUUM', 'PRAGMA synchronous = OFF'];
    for (const statement of outsideOnly) {
      it(`code with ${statement} runs outside the transaction of the run, and this is reported`, async () => {
        const made = await code(
          query('INSERT INTO t VALUES (1)') + query(statement) + query('INSERT INTO t VALUES (2)'),
        );
        const outcome = await migrate(database, [made, migration(sql('INSERT INTO t VALUES (3)'))]);
        assertDone(outcome);
        assert.match(outcome.done[0]?.outside ?? '', /transaction/);
        assert.equal(outcome.done[1]?.outside, undefined);
        assert.deepEqual(await numbers(database), [1, 2, 3]);
        assert.equal((await states(database))[1], `${made.revision} applied`);
      });

      it(`code with ${statement} that asks for a transaction is refused`, async () => {
        const made = await code(query('INSERT INTO t VALUES (1)') + query(statement), ', transaction: true');
        assert.match(failureOf(await migrate(database, [made])), /transaction/);
        assert.deepEqual(await numbers(database), []);
        assert.equal((await states(database)).length, 1);
      });
    }

    if (dialect === 'postgres') {
      it('an enum’s new value may be used by the code that adds it', async () => {
        const type = migration(sql("CREATE TYPE mood AS ENUM ('sad')", 'CREATE TABLE m (v mood)'));
        const made = await code(query("ALTER TYPE mood ADD VALUE 'fine'") + query("INSERT INTO m VALUES ('fine')"));
        assertDone(await migrate(database, [type, made]));
      });

      it('code whose only statement fails outside a transaction has done nothing', async () => {
        const made = await code(query('CREATE INDEX CONCURRENTLY t_n ON nowhere (n)'));
        assert.match(failureOf(await migrate(database, [made])), /nowhere/);
        assert.equal((await states(database)).length, 1);
      });
    }

    it('a BEGIN and COMMIT of code join ours: kept and taken back with the history row', async () => {
      const texts = dialect === 'postgres' ? [query('BEGIN; INSERT INTO t VALUES (1); COMMIT;')] : [];
      const one = ['BEGIN', 'INSERT INTO t VALUES (2)', 'COMMIT'].map(query);
      const undone = ['BEGIN', 'INSERT INTO t VALUES (9)', 'ROLLBACK'].map(query);
      assertDone(await migrate(database, [await code([...texts, ...one, ...undone].join(''))]));
      const expected = dialect === 'postgres' ? [1, 2] : [2];
      assert.deepEqual(await numbers(database), expected);
      const failing = await code(`${[...texts, ...one].join('')} throw new Error('on purpose');`);
      assert.match(failureOf(await migrate(database, [failing])), /on purpose/);
      assert.deepEqual(await numbers(database), expected);
      const open = await code(query('BEGIN') + query('INSERT INTO t VALUES (3)'));
      assert.match(failureOf(await migrate(database, [open])), /left a transaction open/);
      assert.deepEqual(await numbers(database), expected);
    });

    const AS_THEY_ARE: [string, string, boolean][] = [
      [
        'BEGIN and COMMIT around everything, with comments',
        '-- why\nBEGIN; -- b\nINSERT INTO t VALUES (1);\nINSERT INTO t VALUES (2);\nCOMMIT; -- done\n/* the end */',
        true,
      ],
      [
        'a statement before BEGIN',
        'CREATE TABLE u (n INTEGER);\nBEGIN;\nINSERT INTO t VALUES (1);\nINSERT INTO t VALUES (2);\nCOMMIT;',
        false,
      ],
      ['a statement after COMMIT', 'BEGIN;\nINSERT INTO t VALUES (1);\nCOMMIT;\nINSERT INTO t VALUES (2);', false],
      ['two blocks', 'BEGIN;\nINSERT INTO t VALUES (1);\nCOMMIT;\nBEGIN;\nINSERT INTO t VALUES (2);\nCOMMIT;', false],
      [
        'two blocks and the mark',
        '-- db-manager:transaction:false\nBEGIN;\nINSERT INTO t VALUES (1);\nCOMMIT;\nBEGIN;\nINSERT INTO t VALUES (2);\nCOMMIT;',
        false,
      ],
      [
        'one block and the mark',
        '-- db-manager:transaction:false\nBEGIN;\nINSERT INTO t VALUES (1);\nINSERT INTO t VALUES (2);\nCOMMIT;',
        false,
      ],
      [
        'a block that is taken back',
        'BEGIN;\nINSERT INTO t VALUES (1);\nINSERT INTO t VALUES (2);\nCOMMIT;\nBEGIN;\nDELETE FROM t;\nROLLBACK;',
        false,
      ],
    ];
    for (const [what, text, transactional] of AS_THEY_ARE) {
      for (const name of ['1_a.up.sql', 'V1__a.sql']) {
        it(`a file is sent as ${name.startsWith('V') ? 'Flyway' : 'golang-migrate'} sends it: ${what}`, async () => {
          const [made] = await loadAll(await folderOf({ [name]: text }), dialect);
          assert.ok(made);
          assert.equal(made.transactional.up, transactional);
          assertDone(await migrate(database, [made]));
          assert.deepEqual(await numbers(database), [1, 2]);
        });
      }
    }
  });
}
