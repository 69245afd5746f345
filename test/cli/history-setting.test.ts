import assert from 'node:assert/strict';
import { DIALECTS, hostedProject, type Project } from './fixtures.ts';

/** As its author wrote it for sequelize-cli: every table but that tool's own gets a column. */
const LOOP = `module.exports = {
  up: async (q, S) => {
    await q.createTable('notes', { id: { type: S.INTEGER, primaryKey: true } });
    const [rows] = await q.sequelize.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'");
    for (const { tablename } of rows)
      if (tablename !== 'SequelizeMeta') await q.renameTable(tablename, 'old_' + tablename);
  },
  down: (q) => q.dropTable('old_notes'),
};\n`;
const TRIGGERS = `CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.id := NEW.id + 1; RETURN NEW; END $$;
CREATE TABLE one (id integer);
DO $$ DECLARE t text; BEGIN
  FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
    EXECUTE format('CREATE TRIGGER stamped BEFORE INSERT ON public.%I FOR EACH ROW EXECUTE FUNCTION stamp()', t);
  END LOOP;
END $$;\n`;

const configure = (here: Project, history: object) => here.write('db-manager.config.json', JSON.stringify({ history }));

async function succeeds(here: Project, ...args: string[]) {
  const { code, out, err } = await here.run(...args);
  assert.equal(code, 0, `${args.join(' ')}: ${out}${err}`);
  return out + err;
}

describe('a history in a separate schema', function () {
  this.timeout(300_000);

  it('is not met by migrations that loop over all tables: renames and triggers', async () => {
    const here = await hostedProject('postgres');
    await configure(here, { schema: 'ops', table: 'applied' });
    await here.write('migrations/1_loop.cjs', LOOP);
    await here.write('migrations/2_triggers.sql', TRIGGERS);
    await here.write('migrations/3_more.sql', 'CREATE TABLE applied (id integer);\n');
    const said = await succeeds(here, 'migrate', 'upgrade');
    assert.doesNotMatch(said, /other schemas/);
    assert.deepEqual((await here.json<{ pending: unknown[] }>('migrate', 'current')).pending, []);
    await succeeds(here, 'wait', '--timeout', '1s');
    // A table of the project that happens to have the name is the project's.
    await succeeds(here, 'validate');
    await here.write('migrations/4_last.sql', 'ALTER TABLE one ADD COLUMN b integer;\n');
    await succeeds(here, 'safe-migrate');
    await succeeds(here, 'baseline');
    await succeeds(here, 'validate');
  });

  it('is found where its schema is left out or mistyped, and not taken for that of another tenant', async () => {
    const here = await hostedProject('postgres');
    await configure(here, { schema: 'ops', table: 'applied' });
    await here.write('migrations/1_one.sql', 'CREATE TABLE one (id integer);\n');
    await succeeds(here, 'migrate', 'upgrade');
    for (const wrong of [{ table: 'applied' }, { schema: 'opps', table: 'applied' }, {}]) {
      await configure(here, wrong);
      const { code, out, err } = await here.run('migrate', 'upgrade');
      assert.equal(code, 2);
      assert.match(
        out + err,
        /"ops"\."applied" is a history with 1 migration.*Set history: \{schema: ops, table: applied\}/,
      );
    }
    // The tables of a tenant are in a schema of its own: a new one has the same files and no tables.
    await configure(here, {});
    const tenant = `${here.url}${here.url.includes('?') ? '&' : '?'}schema=tenant_two`;
    const done = await here.runWith({ DATABASE_URL: tenant }, 'migrate', 'upgrade');
    assert.equal(done.code, 0, done.out + done.err);
  });

  it('is named by options as well, and the schema is made', async () => {
    const here = await hostedProject('postgres');
    await here.write('migrations/1_one.sql', 'CREATE TABLE one (id integer);\n');
    await succeeds(here, 'migrate', 'upgrade', '--history-schema', 'ops');
    assert.deepEqual(
      (await here.json<{ pending: unknown[] }>('migrate', 'current', '--history-schema', 'ops')).pending,
      [],
    );
  });
});

for (const dialect of DIALECTS) {
  describe(`a history under another name on ${dialect}`, function () {
    this.timeout(300_000);

    it('is used by all commands, and left out of what is compared, counted and listed', async () => {
      const here = await hostedProject(dialect);
      await configure(here, { table: 'schema changes' });
      if (dialect === 'sqlite') await here.run('init', '--no-tables');
      await here.write(
        'migrations/1_one.sql',
        '-- migrate:up\nCREATE TABLE one (id integer);\n-- migrate:down\nDROP TABLE one;\n',
      );
      await succeeds(here, 'safe-migrate');
      await succeeds(here, 'validate');
      assert.deepEqual((await here.json<{ pending: unknown[] }>('migrate', 'current')).pending, []);
      await succeeds(here, 'baseline');
      await here.write('migrations/2_two.sql', 'CREATE TABLE two (id integer);\n');
      await succeeds(here, 'safe-migrate');
      await succeeds(here, 'migrate', 'stamp', 'base');
    });

    it('is not begun again where one is there: the way to move it is given, and works', async () => {
      const here = await hostedProject(dialect);
      if (dialect === 'sqlite') await here.run('init', '--no-tables');
      await here.write('migrations/1_one.sql', 'CREATE TABLE one (id integer);\n');
      await succeeds(here, 'migrate', 'upgrade');
      await configure(here, { table: 'changes' });
      for (const command of [['migrate', 'current'], ['migrate', 'upgrade'], ['safe-migrate']]) {
        const { code, out, err } = await here.run(...command);
        assert.notEqual(code, 0, command.join(' '));
        assert.match(
          out + err,
          /but the history is in .*db_manager_history\. Move it.*ALTER TABLE .*RENAME TO "changes";/,
        );
      }
    });

    it('is not begun again where another setting wrote it; a person can say that it is of other tables', async () => {
      const here = await hostedProject(dialect);
      await configure(here, { table: 'applied' });
      if (dialect === 'sqlite') await here.run('init', '--no-tables');
      await here.write('migrations/1_one.sql', 'CREATE TABLE IF NOT EXISTS one (id integer);\n');
      await succeeds(here, 'migrate', 'upgrade');
      for (const wrong of [{ table: 'aplied' }, {}]) {
        await configure(here, wrong);
        for (const command of [['migrate', 'upgrade'], ['safe-migrate']]) {
          const { code, out, err } = await here.run(...command);
          assert.equal(code, 2, command.join(' '));
          assert.match(
            out + err,
            /which does not exist\. .*applied.* is a history with 1 migration of the same files\./,
          );
          assert.match(out + err, /Set history: \{table: applied\}\. .*db-manager migrate stamp base/);
        }
      }
      await succeeds(here, 'migrate', 'stamp', 'base');
      await succeeds(here, 'migrate', 'upgrade');
    });

    it('cannot be a table of the project', async () => {
      const here = await hostedProject(dialect);
      if (dialect === 'sqlite') await here.run('init', '--no-tables');
      await here.write('migrations/1_one.sql', 'CREATE TABLE one (revision text, state text);\n');
      await succeeds(here, 'migrate', 'upgrade');
      await configure(here, { table: 'one' });
      for (const command of [
        ['migrate', 'current'],
        ['migrate', 'upgrade'],
        ['migrate', 'stamp', 'base'],
        ['safe-migrate'],
      ]) {
        const { code, out, err } = await here.run(...command);
        assert.equal(code, 2, command.join(' '));
        assert.match(out + err, /"one" exists, but it is not a history of db-manager/);
      }
    });

    it('cannot be the table of another tool, nor an invalid schema', async () => {
      const here = await hostedProject(dialect);
      await configure(here, { table: 'SequelizeMeta' });
      assert.match(
        (await here.run('migrate', 'current')).err,
        /cannot be SequelizeMeta, which is the table of another/,
      );
      await configure(here, { schema: 'pg_catalog' });
      assert.match((await here.run('migrate', 'current')).err, /SQLite has no schemas|belongs to PostgreSQL/);
    });
  });
}
