import assert from 'node:assert/strict';
import { DIALECTS, type Project, project } from './fixtures.ts';

const FILE = 'migrations/20240103000000_code.js';
const TABLE = "await context.createTable('made', { id: { type: 'INTEGER', primaryKey: true } });";
const code = (rest: string) => `export async function up({ context }) {
  ${TABLE}
  ${rest}
}
export async function down() {}
`;

for (const dialect of DIALECTS) {
  describe(`what a migration’s own code does wrong, on ${dialect}`, () => {
    let here: Project;
    before(async () => {
      here = await project(dialect);
      await here.run('init', '--no-tables');
    });

    /** Runs it, and checks that nothing is left of it. */
    async function fails(rest: string): Promise<string> {
      await here.write(FILE, code(rest));
      const { code: exit, err } = await here.run('migrate', 'upgrade');
      assert.equal(exit, 1, err);
      assert.match(err, /^error: MigrationFailed: /m);
      assert.doesNotMatch(err, /^ {4}at |node:internal/m, 'no stack trace');
      const { out } = await here.run('migrate', 'current', '--json');
      assert.deepEqual((JSON.parse(out) as { pending: string[] }).pending, ['20240103000000_code']);
      return err;
    }

    it('is shown at its place when it throws, without a statement that is not at fault', async () => {
      const said = await fails("throw new Error('no luck');");
      assert.match(said, /no luck\n {2}at 20240103000000_code\.js:3:9\n/);
      assert.match(said, /3 \| {3}throw new Error\('no luck'\);/);
      assert.doesNotMatch(said, /CREATE TABLE/);
    });

    it('is shown with its place and the statement when the database refuses', async () => {
      const said = await fails("await context.sequelize.query('INSERT INTO nowhere VALUES (1)');");
      assert.match(said, /at 20240103000000_code\.js:3:/);
      assert.match(said, /\| INSERT INTO nowhere VALUES \(1\)/);
    });

    it('fails the migration when a timer throws or a promise that is not awaited is rejected', async () => {
      const wait = 'await new Promise((done) => setTimeout(done, 1_000));';
      const timer = await fails(`setTimeout(() => { throw new TypeError('late'); }, 1); ${wait}`);
      assert.match(timer, /late \(unhandled rejection: await every promise/);
      assert.match(timer, /at 20240103000000_code\.js:3:/);
      assert.match(await fails(`Promise.reject(new Error('lost')); ${wait}`), /lost \(unhandled rejection/);
    });

    it('fails the migration when a query that is not awaited fails at its end', async () => {
      const create = "await context.createTable('twice', { id: { type: 'INTEGER', primaryKey: true } });";
      for (const rest of [
        "context.bulkInsert('twice', [{ id: 1 }, { id: 1 }]);",
        "context.sequelize.query('INSERT INTO twice VALUES (1), (1)').then(() => {});",
        "void Promise.all([context.bulkInsert('twice', [{ id: 1 }, { id: 1 }])]);",
      ]) {
        const said = await fails(`${create} ${rest}`);
        assert.match(said, /^error: MigrationFailed/m, rest);
        assert.doesNotMatch(said, /InternalError/, rest);
      }
    });

    it('does not look like success when it ends the process', async () => {
      assert.match(await fails('process.exit(0);'), /20240103000000_code\.js called process\.exit/);
    });

    it('is named where it sends a query after its end, even when the run is over', async () => {
      const other = await project(dialect);
      await other.run('init', '--no-tables');
      const send = "context.sequelize.query('INSERT INTO made VALUES (1)')";
      await other.write(FILE, code(`process.once('beforeExit', () => { ${send}; });`));
      const over = await other.run('migrate', 'upgrade');
      assert.equal(over.code, 1, over.err);
      assert.match(over.err, /^error: MigrationFailed: 20240103000000_code sent a query after its end/m);

      await other.write(
        'migrations/20240104000000_keep.js',
        code(`globalThis.late = () => { ${send}; };`).replace(TABLE, ''),
      );
      const wait = 'globalThis.late(); await new Promise((done) => setTimeout(done, 50));';
      await other.write('migrations/20240105000000_call.js', code(wait).replace(TABLE, ''));
      const during = await other.run('migrate', 'upgrade', '--json');
      assert.equal(during.code, 1, during.err);
      assert.doesNotThrow(() => JSON.parse(during.out), during.out);
      assert.match(during.out, /20240104000000_keep sent a query after its end/);
      assert.doesNotMatch(over.err + during.out + during.err, /InternalError/);
    });

    it('is named where what it left behind fails after its end', async () => {
      const other = await project(dialect);
      await other.run('init', '--no-tables');
      const fail = "AsyncResource.bind(() => setImmediate(() => { throw new Error('left behind'); }))";
      const rest = `const { AsyncResource } = await import('node:async_hooks'); process.once('beforeExit', ${fail});`;
      await other.write(FILE, code(rest));
      const { code: exit, err } = await other.run('migrate', 'upgrade');
      assert.equal(exit, 1, err);
      assert.match(err, /^error: MigrationFailed: 20240103000000_code\.js started work that failed .*left behind/m);
    });

    it('fails where it only sets the exit code, and 0 does not hide a failure', async () => {
      assert.match(await fails('process.exitCode = 3;'), /set process\.exitCode to 3/);
      assert.match(await fails("process.exitCode = 0; throw new Error('no luck');"), /no luck/);
    });

    it('can throw anything', async () => {
      assert.match(await fails('throw null;'), /MigrationFailed: null/);
      assert.match(await fails("throw { toString() { throw new Error('twice'); } };"), /MigrationFailed/);
    });
  });
}
