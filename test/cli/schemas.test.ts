import assert from 'node:assert/strict';
import { hostedProject, type Project } from './fixtures.ts';

describe('a schema that a migration makes', () => {
  let here: Project;
  const run = (...args: string[]) => here.runWith({ DATABASE_URL: `${here.url}?schemas=public,other` }, ...args);

  before(async () => {
    here = await hostedProject('postgres');
    await here.write(
      'migrations/1_orders.sql',
      '-- migrate:up\nCREATE TABLE orders (id bigint PRIMARY KEY);\nINSERT INTO orders SELECT generate_series(1, 100);\n-- migrate:down\nDROP TABLE orders;\n',
    );
    await here.write(
      'migrations/2_other.cjs',
      `module.exports = {
  async up(queryInterface) {
    await queryInterface.createSchema('other');
    await queryInterface.sequelize.query('CREATE TABLE other.lines (id bigint PRIMARY KEY REFERENCES orders ON DELETE CASCADE)');
    await queryInterface.sequelize.query('INSERT INTO other.lines SELECT generate_series(1, 50)');
  },
  async down(queryInterface) {
    await queryInterface.sequelize.query('DROP SCHEMA other CASCADE');
  },
};
`,
    );
  });

  it('is migrated, and validated by a replay that makes it too', async () => {
    const migrated = await run('safe-migrate');
    assert.equal(migrated.code, 0, migrated.out + migrated.err);
    assert.match(migrated.out, /the schema matches the rehearsal/);
    const validated = await run('validate');
    assert.match(validated.out, /matches a replay of the applied migrations \(2 tables\)/, validated.err);
  });

  it('is backed up and rehearsed: rows that a cascade takes there are seen', async () => {
    await here.write('migrations/3_prune.sql', '-- migrate:up\nDELETE FROM orders WHERE id <= 10;\n');
    const { code, out } = await run('safe-migrate');
    assert.equal(code, 4, out);
    assert.match(
      out,
      /RowsLost: 3_prune deletes 10 of 50 rows from other\.lines, a table that it does not mention \(statement: DELETE FROM/,
    );
  });

  it('is warned of where it is not among the schemas', async () => {
    const { out } = await here.run('safety-check');
    assert.match(out, /other schemas +warning +tables in schemas other than "public" are not validated.* 1 in "other"/);
  });
});
