import assert from 'node:assert/strict';
import type { SafetyResult } from '../../src/library/safe-migrate.ts';
import { DIALECTS, hostedProject, withMigrations } from './fixtures.ts';

const DROP =
  '-- Nobody reads it.\n\n-- migrate:up\nALTER TABLE notes\n  DROP COLUMN author;\n-- migrate:down\nALTER TABLE notes ADD COLUMN author text;\n';

for (const dialect of DIALECTS) {
  describe(`db-manager safety-check on ${dialect}`, function () {
    this.timeout(120_000);

    async function ground() {
      const made = await withMigrations(await hostedProject(dialect));
      const { code, out, err } = await made.run('migrate', 'upgrade');
      assert.equal(code, 0, out + err);
      await made.write('migrations/20240103000000_drop_author.sql', DROP);
      return made;
    }

    it('shows the checks, and the findings for pending migrations with line and caret', async () => {
      const made = await ground();
      const { code, out } = await made.run('safety-check');
      assert.equal(code, 1, out);
      for (const check of [
        'database reachable',
        'current revision trackable',
        'migration system functional',
        'backup folder writable',
      ]) {
        assert.match(out, new RegExp(`^${check} +passed`, 'm'));
      }
      assert.match(out, /FINDINGS in the pending migrations: 1 error/);
      assert.match(
        out,
        /^error drop-column: .*\n {2}at 20240103000000_drop_author\.sql:4:1\n {2}4 \| ALTER TABLE notes\n {4}\| \^\n {2}instead: /m,
      );
      assert.match(out, /Not safe to migrate\.$/m);
    });

    it('looks at the surroundings also where nothing is pending', async () => {
      const made = await withMigrations(await hostedProject(dialect));
      await made.run('migrate', 'upgrade');
      const { code, out } = await made.run('safety-check');
      assert.equal(code, 0, out);
      assert.match(out, /^migration system functional +passed +nothing is pending/m);
      assert.match(out, /^backup folder writable +passed/m);
      await made.write('blocked', 'a file where a folder belongs');
      const broken = await made.run('safety-check', '--backups', 'blocked');
      assert.equal(broken.code, 1, broken.out);
      assert.match(broken.out, /^backup folder writable +failed[\s\S]*Not safe to migrate/m);
    });

    it('gives the same as one document, and leaves the database alone', async () => {
      const made = await ground();
      const { out } = await made.run('safety-check', '--json');
      const { safe, errors, checks, findings } = JSON.parse(out) as SafetyResult;
      assert.equal(safe, false);
      assert.equal(errors.length, 1);
      assert.ok(checks.length >= 6);
      assert.equal(findings[0]?.rule, 'drop-column');
      const current = await made.run('migrate', 'current', '--json');
      assert.equal(current.code, 3);
    });

    it('stops code that never ends, and prints all other findings', async () => {
      const made = await withMigrations(await hostedProject(dialect));
      await made.run('migrate', 'upgrade');
      await made.write(
        'migrations/20240103000000_waits.mjs',
        "export async function up({ context }) {\n  await context.removeColumn('notes', 'author');\n  await new Promise(() => {});\n}\nexport async function down() {}\n",
      );
      const { code, out } = await made.run('safety-check', '-v');
      assert.equal(code, 1, out);
      assert.match(out, /^error drop-column: /m);
      assert.match(out, /^notice opaque-code: Only the first \d+ statements? of it (?:is|are) known/m);
    });

    it('reports why nothing could be reached', async () => {
      const made = await ground();
      await made.write('db-manager.config.json', '{ "safety": { "ignore": ["nonsense"] } }');
      const { code, out } = await made.run('safety-check');
      assert.equal(code, 1);
      assert.match(out, /not reached: safety\.ignore contains "nonsense"/);
    });

    it('is followed by a run that is refused, and by one that succeeds once exactly that plan is approved', async () => {
      const made = await ground();
      const refused = await made.run('safe-migrate');
      assert.equal(refused.code, 4, refused.out + refused.err);
      const digest = /safe-migrate --approve (sha256:[0-9a-f]{64})/.exec(refused.out)?.[1] ?? '';
      const other = await made.run('safe-migrate', '--approve', `sha256:${'0'.repeat(64)}`);
      assert.equal(other.code, 4);
      const done = await made.run('safe-migrate', '--approve', digest);
      assert.equal(done.code, 0, done.out + done.err);
    });
  });
}
