import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { downgradeDatabase, ProblemError, upgradeDatabase } from '../../src/index.ts';
import { look } from '../engine/request.ts';
import { DIALECTS, temporaryDatabase, temporaryFolder } from '../support/databases.ts';

const TABLE = 'CREATE TABLE t (id int);\n';

/** Files that end or leave the transaction that they share: what ran before would be committed. */
const OUTSIDE: Record<string, [file: string, text: string]> = {
  'BEGIN and COMMIT in a pair': ['1_a.up.sql', `BEGIN;\n${TABLE}COMMIT;\nBEGIN;\nCREATE TABLE u (id int);\nCOMMIT;\n`],
  'BEGIN and COMMIT in plain SQL': ['1_a.sql', `${TABLE}BEGIN;\nCREATE TABLE u (id int);\nCOMMIT;\n`],
  'COMMIT behind an option of dbmate': ['1_a.sql', `-- migrate:up transaction:false\nBEGIN;\n${TABLE}COMMIT;\n`],
  'a word of goose': ['1_a.sql', `-- +goose NO TRANSACTION\n-- +goose Up\n${TABLE}`],
  'code that opts out': ['1_a.cjs', "exports.transaction = false; exports.up = (q) => q.sequelize.query('SELECT 1');"],
  'a word of sqlx': ['1_a.sql', `-- no-transaction\n${TABLE}`],
};

for (const dialect of DIALECTS) {
  describe(`one transaction for all migrations on ${dialect}`, function () {
    this.timeout(60_000);

    async function place(files: Record<string, string>) {
      const { url } = await temporaryDatabase(dialect);
      const migrations = await temporaryFolder('single');
      for (const [name, text] of Object.entries(files)) writeFileSync(join(migrations, name), text);
      const said: string[] = [];
      const options = {
        databaseUrl: url,
        migrations,
        config: false as const,
        onMessage: (text: string) => said.push(text),
      };
      const tables = async () => (await look(url, (database) => database.snapshot())).tables.map(({ name }) => name);
      return { options, said, tables };
    }

    const problemOf = async (work: Promise<unknown>) => {
      const error = await work.then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      assert.ok(error instanceof ProblemError, String(error));
      return error.problem;
    };

    for (const [what, [file, text]] of Object.entries(OUTSIDE))
      it(`is refused before anything runs: ${what}`, async () => {
        const { options, said, tables } = await place({ '0_first.sql': 'CREATE TABLE first (id int);', [file]: text });
        const problem = await problemOf(upgradeDatabase({ ...options, singleTransaction: true }));
        assert.equal(problem.reason, 'InvalidConfiguration');
        assert.match(problem.message, /^1_a runs outside a transaction: .*without --single-transaction/);
        assert.deepEqual([said.filter((line) => line.startsWith('applied')), await tables()], [[], []]);
        assert.equal((await upgradeDatabase(options)).migrations.length, 2, 'without the option it runs');
      });

    it('reports that nothing was applied, and names none as applied', async () => {
      const { options, said, tables } = await place({ '1_a.sql': TABLE, '2_b.sql': 'INSERT INTO nope VALUES (1);' });
      const problem = await problemOf(upgradeDatabase({ ...options, singleTransaction: true }));
      assert.equal(problem.reason, 'MigrationFailed');
      assert.match(problem.message, /nope.* All migrations share one transaction, so none of them was applied\.$/);
      assert.deepEqual([said.filter((line) => line.startsWith('applied')), await tables()], [[], []]);
    });

    it('names each once, also where the transaction begins again, and reverts all or none', async () => {
      const { options, said, tables } = await place({
        '1_a.sql': `-- migrate:up\nCREATE TABLE p (id INTEGER PRIMARY KEY, n text);\nCREATE TABLE c (p int REFERENCES p (id));\n-- migrate:down\nDROP TABLE c;\nDROP TABLE p;\n`,
        '2_b.cjs': `exports.up = (q, S) => q.changeColumn('p', 'n', { type: S.STRING(9), allowNull: false });
          exports.down = (q) => q.dropTable('nope_' + Date.now());`,
        '3_c.sql': `-- migrate:up\n${TABLE}-- migrate:down\nDROP TABLE t;\nDROP TABLE nope;\n`,
      });
      await upgradeDatabase({ ...options, singleTransaction: true });
      const applied = said.filter((line) => line.startsWith('applied')).map((line) => line.split(' ')[1]);
      assert.deepEqual(applied, ['1_a', '2_b', '3_c']);
      const before = await tables();
      const problem = await problemOf(downgradeDatabase({ ...options, target: 'base', singleTransaction: true }));
      assert.match(problem.message, /none of them was reverted\.$/);
      assert.deepEqual(await tables(), before);
    });
  });
}
