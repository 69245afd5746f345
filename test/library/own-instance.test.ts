import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createAllTables, dropAllTables, initDatabase } from '../../src/library/tables.ts';
import { DIALECTS, type TestDialect, temporaryDatabase, temporaryFolder } from '../support/databases.ts';
import { deployment } from './going-back-fixtures.ts';

/** As applications export them: on an instance of their own, which is connected to a database of its own. */
const MODELS: [string, (url: string) => string][] = [
  ['a list', (url) => `${head(url)}\nexport default [Shop, Item];\n`],
  ['by name', (url) => `${head(url)}\nexport { Shop, Item };\n`],
  ['an object', (url) => `${head(url)}\nexport default { Shop, Item };\n`],
];

function head(url: string): string {
  return `import { DataTypes, Sequelize } from 'sequelize';
const sequelize = new Sequelize(${JSON.stringify(url)}, { logging: false });
const Shop = sequelize.define('shop', { name: DataTypes.STRING });
const Item = sequelize.define('item', { price: DataTypes.INTEGER }, { indexes: [{ fields: ['price'] }] });
Item.belongsTo(Shop);`;
}

for (const dialect of DIALECTS) {
  describe(`models on the application's own instance, on ${dialect}`, function () {
    this.timeout(60_000);

    for (const [how, text] of MODELS) {
      it(`are created and dropped in the database of the command alone: ${how}`, async () => {
        const application = await deployment(dialect);
        await initDatabase({ ...application.options, tables: 'None' });
        const models = join(await temporaryFolder('own-instance'), 'models.mjs');
        await writeFile(models, text(sequelizeUrl(dialect, application.url)));
        const target = { ...application.options, databaseUrl: (await temporaryDatabase(dialect)).url, models };

        await createAllTables({ ...application.options, models });
        const before = await tablesOf(application);
        assert.deepEqual((await createAllTables(target)).tables.map(plain), ['items', 'shops']);
        assert.deepEqual((await dropAllTables(target)).tables.map(plain).sort(), ['items', 'shops']);
        assert.deepEqual(await tablesOf(application), before, 'those of the application are still there');
        assert.ok(before.includes('items') && before.includes('shops'));
      });
    }
  });
}

const plain = (table: string) => table.replace(/^public\./, '');

function tablesOf({ look }: Awaited<ReturnType<typeof deployment>>): Promise<string[]> {
  return look(async (database) => (await database.snapshot()).tables.map(({ name }) => plain(name)));
}

/** Sequelize has another form of a SQLite URL: the path follows the scheme. */
function sequelizeUrl(dialect: TestDialect, url: string): string {
  return dialect === 'sqlite' ? `sqlite:${url.replace(/^sqlite:(\/\/\/)?/, '')}` : url;
}
