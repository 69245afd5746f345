module.exports = {
  dialect: 'postgresql',
  out: './migrations',
  dbCredentials: { url: process.env.DATABASE_URL },
};
