import assert from 'node:assert/strict';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DIALECTS, hostedProject, onTerminal, type Project, withMigrations, withModels } from './fixtures.ts';

interface Generated {
  migrations: { revision: string; files: string[] }[];
  warnings: string[];
}

for (const dialect of DIALECTS) {
  describe(`db-manager generate on ${dialect}`, () => {
    let here: Project;
    before(async () => {
      here = await withModels(await withMigrations(await hostedProject(dialect)));
    });

    let file = 'models/note.cjs';
    let versions = 0;
    /** In a file of another name each time: the process of the commands loads a file once. */
    const model = async (columns: string) => {
      await rm(join(here.folder, file));
      file = `models/note-${++versions}.cjs`;
      await here.write(
        file,
        `module.exports = (sequelize, { INTEGER, TEXT, STRING }) => sequelize.define('note', { id: { type: INTEGER, primaryKey: true }, ${columns} }, { tableName: 'notes', timestamps: false });\n`,
      );
    };

    it('is refused while migrations are pending, since they would be generated again', async () => {
      await here.run('init', '--no-tables');
      const { code, err } = await here.run('generate', 'too early');
      assert.equal(code, 3);
      assert.match(err, /20240101000000_create_notes, 20240102000000_add_author.*db-manager migrate upgrade/s);
    });

    it('writes nothing where nothing differs', async () => {
      assert.equal((await here.run('migrate', 'upgrade')).code, 0);
      const { code, out } = await here.run('generate', 'nothing');
      assert.equal(code, 0);
      assert.match(out, /do not differ; nothing was written/);
    });

    for (const format of ['ts', 'js', 'sql'] as const) {
      it(`leads from the database to the models and back, as ${format}`, async () => {
        const before = await here.json<{ migrations: unknown[] }>('migrate', 'upgrade');
        assert.deepEqual(before.migrations, []);
        await model(`body: { type: TEXT, allowNull: false }, author: TEXT, ${format}_column: STRING(40)`);
        const current = await here.json<{ revision: string }>('migrate', 'current');
        const { migrations } = await here.json<Generated>('generate', `add ${format}`, '--format', format);
        assert.ok(migrations.every(({ files }) => files.every((file) => file.endsWith(`.${format}`))));
        assert.equal((await here.run('migrate', 'upgrade')).code, 0);
        assert.equal((await here.run('validate')).code, 0);
        assert.equal((await here.run('migrate', 'check')).code, 0);
        assert.equal((await here.run('migrate', 'downgrade', current.revision)).code, 0);
        assert.equal((await here.run('validate')).code, 3);
        assert.equal((await here.run('migrate', 'upgrade')).code, 0);
        await model('body: { type: TEXT, allowNull: false }, author: TEXT');
        const away = await here.run('generate', `drop ${format}`, '--format', format);
        assert.match(away.out, new RegExp(`! WARNING: drops .*${format}_column`));
        assert.equal((await here.run('migrate', 'upgrade')).code, 0);
      });
    }

    it('fills in a custom template, and reports its errors', async () => {
      const form = 'notes/form.sql';
      await here.write(
        form,
        '-- Ticket: TODO-1\n-- {{message}}\n\n-- migrate:up {{transaction}}\n{{up}}\n-- migrate:down\n{{down}}\n',
      );
      await here.write('db-manager.config.yaml', `template: ${form}`);
      await model('body: { type: TEXT, allowNull: false }, author: TEXT, mood: STRING(9)');
      const { migrations } = await here.json<Generated>('generate', 'add mood');
      const [file = ''] = migrations[0]?.files ?? [];
      assert.match(file, /_add_mood\.sql$/);
      assert.match(
        await readFile(file, 'utf8'),
        /^-- Ticket: TODO-1\n-- add mood\n\n-- migrate:up\n.*mood[\s\S]*-- migrate:down\n.*mood/m,
      );
      assert.equal((await here.run('migrate', 'upgrade')).code, 0);
      assert.equal((await here.run('validate')).code, 0);
      const cases: [string, RegExp][] = [
        ['{{up}}', /has no \{\{down\}\}/],
        ['{{up}}{{down}}{{author}}', /has \{\{author\}\}, which is not a known placeholder/],
      ];
      for (const [text, says] of cases) {
        await here.write(form, text);
        const { code, err } = await here.run('generate', 'x', '--no-autogenerate');
        assert.equal(code, 2);
        assert.match(err, says);
      }
      const gone = await here.run('generate', 'x', '--no-autogenerate', '--template', 'gone.sql');
      assert.match(gone.err, /The template .*gone\.sql does not exist or cannot be read/);
      await rm(join(here.folder, 'db-manager.config.yaml'));
      await model('body: { type: TEXT, allowNull: false }, author: TEXT');
      await here.run('generate', 'drop mood', '--format', 'sql');
      assert.equal((await here.run('migrate', 'upgrade')).code, 0);
    });

    it('asks on a terminal whether it is a rename, and keeps the values where it is', async () => {
      await model('body: { type: TEXT, allowNull: false }, scribe: TEXT');
      const question = /Is scribe a new name for the column notes\.author\?/;
      const { code, screen } = await onTerminal(
        here,
        ['generate', 'scribe', '--format', 'sql'],
        [{ question, type: 'y\r' }],
      );
      assert.equal(code, 0, screen);
      const [, file = ''] = /wrote (\S+\.sql)/.exec(screen) ?? [];
      assert.match(await readFile(file, 'utf8'), /RENAME COLUMN "author" TO "scribe"/);
      assert.equal((await here.run('migrate', 'upgrade')).code, 0);
      await model('body: { type: TEXT, allowNull: false }, author: TEXT');
      const no = await onTerminal(
        here,
        ['generate', 'author again', '--format', 'sql'],
        [{ question: /a new name for/, type: 'n\r' }],
      );
      const [, second = ''] = /wrote (\S+\.sql)/.exec(no.screen) ?? [];
      assert.match(await readFile(second, 'utf8'), /DROP COLUMN "scribe"/);
      assert.equal((await here.run('migrate', 'upgrade')).code, 0);
    });

    it('renames if the user confirms it', async () => {
      await model('body: { type: TEXT, allowNull: false }, writer: TEXT');
      const { warnings } = await here.json<Generated>(
        'generate',
        'renamed',
        '--format',
        'sql',
        '--rename',
        'notes.author=writer',
      );
      assert.deepEqual(warnings, []);
      assert.equal((await here.run('migrate', 'upgrade')).code, 0);
      assert.equal((await here.run('validate')).code, 0);
    });

    it('writes an empty migration in the form of another tool, and refuses what it does not know', async () => {
      const { migrations } = await here.json<Generated>(
        'generate',
        'by hand',
        '--no-autogenerate',
        '--format',
        'goose',
      );
      assert.match(await here.read(`migrations/${migrations[0]?.revision}.sql`), /-- \+goose Up/);
      assert.equal((await here.run('generate', 'x', '--format', 'xml')).code, 2);
      assert.equal((await here.run('generate', 'x', '--rename', 'nothing')).code, 2);
      assert.equal((await here.run('generate')).code, 2);
    });
  });
}
