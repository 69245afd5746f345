import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { adoptHistory, upgradeDatabase, validateSchema } from '../../src/index.ts';
import { look, query } from '../engine/request.ts';
import { DIALECTS, temporaryDatabase, temporaryFolder } from '../support/databases.ts';

/** Migrations that name the table in which their own tool keeps its history, in a database that never saw the tool. */
const NAMED: [string, string][] = [
  [
    '1_name.cjs',
    `exports.up = (q) => q.sequelize.query(\`UPDATE "SequelizeMeta" SET name = '2_b.js' WHERE name = '1_b.js'\`);`,
  ],
  ['2_baseline.cjs', "exports.up = (q) => q.bulkInsert('SequelizeMeta', [{ name: '0_old.js' }]);"],
  [
    '3_own_transaction.cjs',
    `exports.up = (q) => q.sequelize.transaction(async (transaction) => {
      const [rows] = await q.sequelize.query('SELECT name FROM "SequelizeMeta"', { transaction });
      if (rows.length !== 1) throw new Error('rows');
    });`,
  ],
  ['4_knex.cjs', "exports.up = (knex) => knex('knex_migrations').where({ name: 'x' }).update({ name: 'y' });"],
  ['5_sqlx.sql', 'DELETE FROM _sqlx_migrations WHERE version IN (1, 2);'],
  ['6_diesel.up.sql', "DELETE FROM __diesel_schema_migrations WHERE version = '1';"],
  ['7_prisma/migration.sql', `UPDATE "_prisma_migrations" SET logs = NULL WHERE migration_name = 'x';`],
];

for (const dialect of DIALECTS) {
  describe(`A migration that names the history table of its own tool on ${dialect}`, function () {
    this.timeout(60_000);
    it('finds it empty', async () => {
      const { url } = await temporaryDatabase(dialect);
      const folder = await temporaryFolder('own-history');
      for (const [file, text] of NAMED) {
        mkdirSync(dirname(join(folder, file)), { recursive: true });
        writeFileSync(join(folder, file), text);
      }
      const options = { databaseUrl: url, migrations: folder, config: false as const };
      assert.equal((await upgradeDatabase(options)).migrations.length, NAMED.length);
      assert.deepEqual((await validateSchema(options)).differences, []);
    });

    it('takes the table that a dump makes, and the one that is there', async () => {
      const { url } = await temporaryDatabase(dialect);
      const folder = await temporaryFolder('own-history');
      writeFileSync(
        join(folder, '1_dump.sql'),
        'CREATE TABLE _sqlx_migrations (version bigint NOT NULL);\nINSERT INTO _sqlx_migrations VALUES (1);\n',
      );
      writeFileSync(join(folder, '2_b.sql'), 'DELETE FROM _sqlx_migrations WHERE version = 7;\n');
      await upgradeDatabase({ databaseUrl: url, migrations: folder });
      const rows = await look(url, (database) =>
        query<{ version: number }>(database, 'SELECT * FROM _sqlx_migrations'),
      );
      assert.deepEqual(
        rows.map(({ version }) => Number(version)),
        [1],
      );
    });

    it('keeps the rows that sequelize-cli left', async () => {
      const { url } = await temporaryDatabase(dialect);
      const folder = await temporaryFolder('own-history');
      const options = { databaseUrl: url, migrations: folder, config: false as const };
      await upgradeDatabase(options);
      await look(url, async (database) => {
        const { query } = database.sequelize as { query(sql: string): Promise<unknown> };
        const send = query.bind(database.sequelize);
        await send('CREATE TABLE "SequelizeMeta" (name VARCHAR(255) PRIMARY KEY)');
        await send(`INSERT INTO "SequelizeMeta" VALUES ('1_a.cjs'), ('0_gone.js')`);
      });
      writeFileSync(join(folder, '1_a.cjs'), 'exports.up = () => {};');
      writeFileSync(
        join(folder, '2_b.cjs'),
        `exports.up = (q) => q.sequelize.query('DELETE FROM "SequelizeMeta" WHERE name = \\'0_gone.js\\'');`,
      );
      await adoptHistory({ ...options, from: 'sequelize' });
      await upgradeDatabase(options);
      const rows = await look(url, (database) => query(database, 'SELECT name FROM "SequelizeMeta"'));
      assert.deepEqual(rows, [{ name: '1_a.cjs' }]);
    });
  });
}
