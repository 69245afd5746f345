import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DIALECTS, hostedProject, type Project, withMigrations } from './fixtures.ts';

const FIRST = '20240101000000_create_notes';
const SECOND = '20240102000000_add_author';

for (const dialect of DIALECTS) {
  describe(`db-manager migrate on ${dialect}`, () => {
    let here: Project;
    before(async () => {
      here = await withMigrations(await hostedProject(dialect));
    });

    it('creates the database with init, leaves it at base, and exits with 3 while something is pending', async () => {
      assert.deepEqual(await exits(here, ['init', '--no-tables']), 0);
      const { code, out } = await here.run('migrate', 'current');
      assert.equal(code, 3);
      assert.match(out, new RegExp(`^base \\(2 pending; head is ${SECOND}\\)`));
    });

    it('upgrades by one, to a prefix and to head, and prints what ran', async () => {
      const done = await here.json<{ to: string; migrations: { revision: string }[] }>('migrate', 'upgrade', '+1');
      assert.equal(done.to, FIRST);
      assert.deepEqual(
        done.migrations.map(({ revision }) => revision),
        [FIRST],
      );
      const { code, out } = await here.run('migrate', 'upgrade', '20240102');
      assert.equal(code, 0);
      assert.match(out, new RegExp(`1 migration applied; the database is at ${SECOND}`));
      assert.match((await here.run('migrate', 'upgrade')).out, /Nothing to do/);
    });

    it('shows the history with state and description, with -v before or after the command', async () => {
      const { out } = await here.run('migrate', 'history');
      assert.match(out, new RegExp(`\\* +${SECOND} +applied .* Who wrote a note\\.`));
      const before = await here.run('-v', 'migrate', 'history');
      const after = await here.run('migrate', 'history', '-v');
      assert.equal(before.out, after.out);
      assert.match(after.out, /files +20240101000000_create_notes\.sql/);
    });

    it('downgrades to a revision, by a number, and to base', async () => {
      assert.equal((await here.json<{ to: string }>('migrate', 'downgrade', FIRST)).to, FIRST);
      assert.equal((await here.json<{ to: string }>('migrate', 'downgrade', '-1')).to, 'base');
      await exits(here, ['migrate', 'upgrade']);
      assert.equal((await here.json<{ to: string }>('migrate', 'downgrade', 'base')).to, 'base');
    });

    it('refuses an invalid target, an unknown one and one in the other direction, and changes nothing', async () => {
      const cases: [string[], number, RegExp][] = [
        [['migrate', 'upgrade', 'no such!'], 2, /UnknownTarget: "no such!" is not a valid target/],
        [['migrate', 'upgrade', '2031'], 2, /UnknownTarget: No migration matches "2031"/],
        [['migrate', 'upgrade', '2024'], 2, /AmbiguousTarget: "2024" is a prefix of 2 migrations/],
        [['migrate', 'downgrade', SECOND], 2, /is newer than base.*migrate upgrade/s],
        [['migrate', 'downgrade'], 2, /missing required argument/],
      ];
      for (const [args, code, message] of cases) {
        const result = await here.run(...args);
        assert.equal(result.code, code, args.join(' '));
        assert.match(result.err, message);
        assert.doesNotMatch(result.err, /^ {4}at /m, 'no stack trace');
      }
      assert.equal((await here.json<{ to: string }>('migrate', 'upgrade')).to, SECOND);
      const behind = await here.run('migrate', 'upgrade', FIRST);
      assert.equal(behind.code, 4);
      assert.match(behind.err, /DowngradeNotAllowed.*db-manager migrate downgrade/s);
    });

    it('stamps without running, and an unapplied head is pending again', async () => {
      assert.equal((await here.json<{ revision: string }>('migrate', 'stamp', FIRST)).revision, FIRST);
      assert.equal((await here.run('migrate', 'current')).code, 3);
      const { code, out } = await here.run('validate');
      assert.equal(code, 3);
      assert.match(out, /differs from a replay.*outside the migrations.*db-manager migrate stamp <revision>/s);
      assert.equal((await here.json<{ revision: string }>('migrate', 'stamp', 'head')).revision, SECOND);
      assert.equal((await here.run('migrate', 'current')).code, 0);
    });

    it('refuses an edited file until repair accepts it', async () => {
      const file = `migrations/${SECOND}.sql`;
      const text = await here.read(file);
      await here.write(file, `${text}-- edited\n`);
      const refused = await here.run('migrate', 'upgrade');
      assert.equal(refused.code, 4);
      assert.match(refused.err, /ChecksumMismatch.*1 line differs.*: db-manager repair --accept-checksums$/ms);
      const difference = await here.run('migrate', 'diff');
      assert.equal(difference.code, 3);
      assert.match(difference.out, /^\+-- edited$/m);
      assert.match((await here.run('migrate', 'history')).out, new RegExp(`${SECOND} +edited`));
      assert.equal((await here.run('repair')).code, 4);
      assert.equal((await here.run('repair', '--accept-checksums')).code, 0);
      assert.equal((await here.run('migrate', 'upgrade')).code, 0);
    });

    it('refuses a missing file until repair removes it from the history', async () => {
      await here.write('migrations/20240103000000_gone.sql', '-- migrate:up\nSELECT 1;\n-- migrate:down\nSELECT 1;\n');
      await exits(here, ['migrate', 'upgrade']);
      await rm(join(here.folder, 'migrations/20240103000000_gone.sql'));
      const accepted = await here.run('migrate', 'upgrade');
      assert.equal(accepted.code, 0, 'older code can run with it');
      assert.match(accepted.err, /the database is newer than the files: 20240103000000_gone is applied/);
      const refused = await here.run('migrate', 'upgrade', '--unknown-applied', 'refuse');
      assert.equal(refused.code, 4);
      assert.match(refused.err, /MissingMigration.*repair --remove-missing/s);
      const current = await here.run('migrate', 'current');
      assert.match(current.out, /20240103000000_gone \(newer than the files, which end with/);
      const shown = await here.run('migrate', 'show', '20240103');
      assert.equal(shown.out, '-- migrate:up\nSELECT 1;\n-- migrate:down\nSELECT 1;\n');
      assert.match((await here.run('migrate', 'history', '-v')).out, /stored text {2}\d+ bytes, compressed/);
      assert.equal((await here.run('repair', '--remove-missing')).code, 0);
      assert.equal((await here.run('migrate', 'upgrade')).code, 0);
    });

    it('reports which migration failed, where, and that it was rolled back', async () => {
      await here.write(
        'migrations/20240104000000_wrong.sql',
        '-- migrate:up\nCREATE TABLE half (id integer);\nCREATE TABEL x;\n-- migrate:down\n',
      );
      const { code, err } = await here.run('migrate', 'upgrade');
      assert.equal(code, 1);
      assert.match(err, /MigrationFailed/);
      assert.match(err, /20240104000000_wrong\.sql:3:8/);
      assert.equal((await here.json<{ revision: string }>('migrate', 'stamp', SECOND)).revision, SECOND);
      await rm(join(here.folder, 'migrations/20240104000000_wrong.sql'));
      assert.equal((await here.run('validate')).code, 0, 'the half made table is not there');
    });

    it('refuses to revert a migration without a down, before anything runs', async () => {
      await here.write('migrations/20240105000000_one_way.sql', '-- migrate:up\nCREATE TABLE one_way (id integer);\n');
      await exits(here, ['migrate', 'upgrade']);
      const { code, err } = await here.run('migrate', 'downgrade', 'base');
      assert.equal(code, 4);
      assert.match(err, /IrreversibleMigration: 20240105000000_one_way has no down/);
    });

    it('waits for a revision, and gives up with 3', async () => {
      assert.equal((await here.run('wait', '--revision', SECOND, '--timeout', '5')).code, 0);
      const { code, out } = await here.run('wait', '--revision', '2040', '--timeout', '1');
      assert.equal(code, 3);
      assert.match(out, /2040 is not applied/);
    });
  });
}

async function exits(here: Project, args: string[]): Promise<number | null> {
  const { code, err } = await here.run(...args);
  assert.equal(code, 0, err);
  return code;
}
