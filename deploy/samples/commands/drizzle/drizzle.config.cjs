const url = process.env.DATABASE_URL;

module.exports = url.startsWith('sqlite:')
  ? { dialect: 'sqlite', out: './migrations', dbCredentials: { url: url.replace('sqlite:///', '') } }
  : { dialect: 'postgresql', out: './migrations', dbCredentials: { url } };
