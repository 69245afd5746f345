/** Umzug with Sequelize as its documentation shows it, for comparison. */
import { readFile } from 'node:fs/promises';
import { Sequelize } from 'sequelize';
import { SequelizeStorage, Umzug } from 'umzug';

const [url = '', folder = ''] = process.argv.slice(2);
const sequelize = url.startsWith('sqlite')
  ? new Sequelize({ dialect: 'sqlite', storage: url.replace('sqlite:///', ''), logging: false })
  : new Sequelize(url, { logging: false });
const umzug = new Umzug({
  migrations: {
    glob: ['*.sql', { cwd: folder }],
    resolve: ({ name, path }) => ({
      name,
      up: async () => void (await sequelize.query(await readFile(path ?? '', 'utf8'))),
    }),
  },
  storage: new SequelizeStorage({ sequelize }),
  logger: undefined,
});
await umzug.up();
await sequelize.close();
