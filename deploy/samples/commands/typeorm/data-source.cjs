const { DataSource } = require('typeorm');

const url = process.env.DATABASE_URL;

module.exports = new DataSource({
  ...(url.startsWith('sqlite:')
    ? { type: 'better-sqlite3', database: url.replace('sqlite:///', '') }
    : { type: 'postgres', url }),
  migrations: [`${__dirname}/migrations/*.cjs`],
});
