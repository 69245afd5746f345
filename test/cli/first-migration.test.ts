import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DIALECTS, hostedProject, type Project, withModels } from './fixtures.ts';

const files = (here: Project) => readdir(join(here.folder, 'migrations')).catch(() => [] as string[]);

for (const dialect of DIALECTS) {
  describe(`the first migration on ${dialect}`, function () {
    this.timeout(120_000);

    it('of tables that init made of the models is written from nothing, then stamped', async () => {
      const here = await withModels(await hostedProject(dialect));
      const init = await here.run('init');
      assert.match(init.out, /no migration creates them yet\. .*generate --from base "first tables" && .*stamp head/);
      const found = await here.run('generate', 'nothing to see');
      assert.match(found.out, /do not differ/);
      const generated = await here.run('generate', '--from', 'base', 'first tables', '--format', 'sql');
      assert.equal(generated.code, 0, generated.out + generated.err);
      assert.match(generated.out, /If its tables already exist: db-manager migrate stamp head/);
      assert.doesNotMatch(generated.out, /Not verified/);
      assert.equal((await here.run('migrate', 'stamp', 'head')).code, 0);
      const valid = await here.run('validate');
      assert.equal(valid.code, 0, valid.out + valid.err);
      const checked = await here.run('migrate', 'check');
      assert.equal(checked.code, 0, checked.out + checked.err);
      const again = await here.run('generate', '--from', 'base', 'again');
      assert.equal(again.code, 2, again.out + again.err);
      assert.match(again.err, /--from base is only for the first migration, but .* already contains \d+_first_tables/);
      const none = await withModels(await hostedProject(dialect));
      const migrated = await none.run('init', '--migrate');
      assert.match(
        migrated.out,
        /there are no migrations yet\. Write the first one: db-manager generate "first tables"/,
      );
    });

    it('has one column for two attributes of one field, and is tried before it is written', async () => {
      const here = await hostedProject(dialect);
      await here.write(
        'models/index.cjs',
        `exports.defineModels = (s, T) => {
  const User = s.define('User', { name: T.STRING }, { underscored: true });
  const Post = s.define('Post', { authorId: { type: T.BIGINT, field: 'author_id', allowNull: false }, title: T.STRING }, { underscored: true });
  Post.belongsTo(User, { foreignKey: 'author_id' });
};\n`,
      );
      if (dialect === 'sqlite') await here.run('init', '--no-tables');
      const generated = await here.run('generate', 'posts', '--format', 'sql');
      assert.equal(generated.code, 0, generated.out + generated.err);
      const [name = ''] = await files(here);
      assert.equal(
        (await here.read(join('migrations', name))).match(/"author_id" (?:BIGINT|bigint|integer|INTEGER)/g)?.length,
        1,
      );
      assert.equal((await here.run('migrate', 'upgrade')).code, 0);
      assert.equal((await here.run('validate')).code, 0);
    });

    it('is not written where it does not lead to the models or not back, and that is not called the fault of the models', async () => {
      const templates: [string, RegExp][] = [
        [
          '-- migrate:up\n{{up}}\nCREATE TABLE stowaway (id INTEGER);\n-- migrate:down\nDROP TABLE stowaway;\n{{down}}\n',
          /After its up, the schema differs from the models: table stowaway is not expected/,
        ],
        [
          '-- migrate:up\n{{up}}\n-- migrate:down\nSELECT 1;\n/* {{down}} */\n',
          /After its down, the schema differs from the original one: table notes|cannot be reverted/,
        ],
        [
          '-- migrate:up\n{{up}}\nCREATE TABLE notes (id INTEGER);\n-- migrate:down\n{{down}}\n',
          /It cannot be applied: .*notes/,
        ],
      ];
      for (const [template, message] of templates) {
        const here = await withModels(await hostedProject(dialect));
        await here.write('own.sql', template);
        if (dialect === 'sqlite') await here.run('init', '--no-tables');
        const { code, err } = await here.run('generate', 'notes', '--template', 'own.sql');
        assert.equal(code, 1, err);
        assert.match(err, message);
        assert.match(err, /nothing was written\. .*a bug in db-manager or in the template, not in your models/);
        assert.deepEqual(await files(here), []);
        assert.deepEqual(
          (await readdir(here.folder)).filter((name) => name.includes('proof')),
          [],
        );
      }
    });

    it('is not asked for by models with a mistake: they are loaded before the database is opened', async () => {
      const here = await hostedProject(dialect);
      await here.write('models/user.cjs', 'module.exports = (s, T => {\n');
      const env = { DATABASE_URL: dialect === 'sqlite' ? here.url : 'postgres://u:p@127.0.0.1:1/none' };
      for (const command of [['generate', 'x'], ['validate'], ['migrate', 'check']]) {
        const { code, err } = await here.runWith(env, ...command);
        assert.equal(code, 2, err);
        assert.match(err, /user\.cjs cannot be loaded/);
      }
    });
  });
}

describe('a database that does not exist yet', function () {
  this.timeout(120_000);

  it('is taken for an empty one by generate on SQLite, and the migration is tried', async () => {
    const here = await withModels(await hostedProject('sqlite'));
    const generated = await here.run('generate', 'first');
    assert.equal(generated.code, 0, generated.out + generated.err);
    assert.doesNotMatch(generated.out, /Not verified/);
    assert.deepEqual((await readdir(here.folder)).sort(), ['migrations', 'models'], 'and is not made');
    const again = await here.run('generate', 'second');
    assert.match(again.err, /would be generated again: \d+_first\. Apply them first/);
    assert.equal((await here.run('migrate', 'upgrade')).code, 0);
    assert.equal((await here.run('validate')).code, 0);
  });

  it('is taken for an empty one on PostgreSQL, which then has nothing to try it on', async () => {
    const here = await withModels(await hostedProject('postgres'));
    const url = `${here.url}_later`;
    const generated = await here.runWith({ DATABASE_URL: url }, 'generate', 'first', '--format', 'sql');
    assert.equal(generated.code, 0, generated.out + generated.err);
    assert.match(generated.out, /Not verified on a scratch database: the database does not exist yet/);
    assert.equal((await here.run('migrate', 'upgrade')).code, 0);
    assert.equal((await here.run('validate')).code, 0);
  });
});

describe('tables in other schemas', function () {
  this.timeout(120_000);

  it('are reported as not validated by validate, generate, upgrade and safety-check alike', async () => {
    const here = await withModels(await hostedProject('postgres'));
    await here.write(
      'migrations/1_a.sql',
      '-- migrate:up\nCREATE TABLE notes (id integer PRIMARY KEY, body text NOT NULL, author text);\nCREATE SCHEMA app;\nCREATE TABLE app.one (id int);\nCREATE TABLE app.two (id int);\n',
    );
    const said =
      /tables in schemas other than "public" are not validated, and the rehearsal does not count their rows: 2 in "app".*\?schemas=public,app/;
    for (const command of [['migrate', 'upgrade'], ['validate'], ['safety-check']]) {
      const { code, out, err } = await here.run(...command);
      assert.equal(code, 0, out + err);
      assert.match(out + err, said, command.join(' '));
    }
    await here.write('models/more.cjs', "module.exports = (s, T) => s.define('more', {}, { timestamps: false });\n");
    assert.match((await here.run('generate', 'more')).out, said);
    const all = await here.runWith({ DATABASE_URL: `${here.url}?schemas=public,app` }, 'validate');
    assert.match(all.out, /table app\.one is not expected/);
  });

  it('are looked at where models are in them: generated once, migrated, equal', async () => {
    const here = await hostedProject('postgres');
    await here.write(
      'models/a.cjs',
      "module.exports = (s, T) => s.define('account', { kind: T.ENUM('a', 'b') }, { schema: 'app', timestamps: false });\n",
    );
    const generated = await here.run('generate', 'first', '--format', 'sql');
    assert.equal(generated.code, 0, generated.out + generated.err);
    assert.doesNotMatch(generated.out, /Not verified/);
    const run = await here.run('safe-migrate');
    assert.equal(run.code, 0, run.out + run.err);
    assert.match(run.out, /the schema matches the models/);
    const valid = await here.run('validate');
    assert.equal(valid.code, 0, valid.out);
    assert.doesNotMatch(valid.out, /Not checked/);
    assert.match((await here.run('generate', 'second')).out, /do not differ/);
  });
});
