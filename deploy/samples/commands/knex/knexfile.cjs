const url = process.env.DATABASE_URL;

module.exports = url.startsWith('sqlite:')
  ? { client: 'sqlite3', connection: { filename: url.replace('sqlite:///', '') }, useNullAsDefault: true }
  : { client: 'pg', connection: url };
