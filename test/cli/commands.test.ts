import assert from 'node:assert/strict';
import { appendFile, cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DIALECTS, temporaryDatabase, temporaryFolder } from '../support/databases.ts';
import { TEST_PASSWORD } from '../support/postgres.ts';
import { hostedDbManager } from './process.ts';

const FIRST = '20240108090000_create_accounts_and_instruments';
const HEAD = '20240603083000_normalise_symbols';

for (const dialect of DIALECTS) {
  describe(`the commands on ${dialect}`, function () {
    this.timeout(120_000);
    let url = '';
    let backups = '';
    let migrations = '';
    const run = async (...args: string[]) => {
      const output = await hostedDbManager([...args, '--migrations', migrations, '--backups', backups], {
        DATABASE_URL: url,
      });
      assert.ok(!`${output.stdout}${output.stderr}`.includes(TEST_PASSWORD), 'no secret is printed');
      assert.doesNotMatch(output.stderr, /\n\s+at .*\.ts:\d+/, 'no stack is printed');
      return output;
    };
    const ok = async (...args: string[]) => {
      const { code, stdout, stderr } = await run(...args);
      assert.equal(code, 0, `${args.join(' ')}: ${stderr}`);
      return stdout;
    };
    beforeEach(async () => {
      url = (await temporaryDatabase(dialect)).url;
      backups = await temporaryFolder('backups');
      migrations = join(await temporaryFolder('migrations'), 'versions');
      await cp('migrations/versions', migrations, { recursive: true });
    });

    it('go from an empty database up, down and up again, and print the revision', async () => {
      assert.match(await ok('init', '--no-tables'), /it is at base/);
      assert.equal((await run('migrate', 'current')).code, 3);
      assert.match(await ok('migrate', 'upgrade', '20240108'), /1 migration applied/);
      assert.match(await ok('migrate', 'upgrade', '+2'), /2 migrations applied/);
      assert.match(await ok('migrate', 'upgrade'), /9 migrations applied/);
      assert.equal((await ok('migrate', 'current')).trim(), `${HEAD} (head)`);
      assert.match(await ok('validate', '--models', 'migrations/models', '-v'), /matches the models/);
      assert.match(await ok('migrate', 'check', '--models', 'migrations/models'), /matches the models/);
      assert.match(await ok('migrate', 'downgrade', FIRST), /11 migrations reverted/);
      const different = await run('validate', '--models', 'migrations/models');
      assert.equal(different.code, 3);
      assert.match(different.stdout, /table orders is missing/);
      const history = JSON.parse(await ok('--json', 'migrate', 'history')) as { revision: string; state: string }[];
      assert.deepEqual([history.length, history[0]?.state, history[1]?.state], [12, 'applied', 'pending']);
      assert.match(await ok('migrate', 'downgrade', 'base'), /is at base/);
    });

    it('back up, verify, list, restore and prune', async () => {
      await ok('migrate', 'upgrade');
      assert.match(await ok('backup', '--name', 'before'), /before/);
      assert.match(await ok('list-backups'), /before/);
      assert.match(await ok('verify-backup', 'latest'), /is complete/);
      await ok('migrate', 'downgrade', FIRST);
      const refused = await run('restore', 'before');
      assert.equal(refused.code, 4);
      assert.match(refused.stderr, /--force/);
      assert.match(
        await ok('restore', 'before', '--force'),
        /Safety backup of the previous content|The previous database was kept/,
      );
      assert.equal((await ok('migrate', 'current')).trim(), `${HEAD} (head)`);
      await ok('backup', '--name', 'second');
      assert.match(await ok('prune', '--keep-last', '1', '--keep-days', '0', '--dry-run'), /would be removed/);
      assert.equal((await run('verify-backup', 'nothing')).code, 2);
    });

    it('run all steps, and report before whether it is safe', async () => {
      await ok('init', '--no-tables');
      assert.match(await ok('safety-check'), /Safe to migrate/);
      assert.match(await ok('safe-migrate', '--dry-run'), /No changes were made/);
      const report = JSON.parse(await ok('safe-migrate', '--json', '--models', 'migrations/models')) as {
        reason: string;
        backup: { verifiedBy: string };
      };
      assert.deepEqual([report.reason, report.backup.verifiedBy], ['Migrated', 'Rehearsal']);
    });

    it('stamp, adopt and repair a history', async () => {
      await ok('init', '--no-tables');
      assert.match(await ok('migrate', 'stamp', HEAD), /no migration was run/);
      assert.equal((await ok('migrate', 'current')).trim(), `${HEAD} (head)`);
      await ok('migrate', 'stamp', 'base');
      await ok('migrate', 'upgrade');
      await appendFile(join(migrations, '20240205083000_create_candles.sql'), '\n-- edited\n');
      await rm(join(migrations, '20240603083000_normalise_symbols.sql'));
      const broken = await run('migrate', 'upgrade', '--unknown-applied', 'refuse');
      assert.equal(broken.code, 4);
      assert.match(broken.stderr, /MissingMigration/);
      assert.equal((await run('repair')).code, 4);
      assert.match(await ok('repair', '--accept-checksums', '--remove-missing'), /edited, accepted/);
      assert.match(await ok('migrate', 'current'), /\(head\)/);
      const nothing = await run('adopt', '--from', 'alembic');
      assert.equal(nothing.code, 2);
      assert.match(nothing.stderr, /no table alembic_version/);
    });

    it('create and drop the tables of the models', async () => {
      const models = ['--models', 'migrations/models'];
      assert.match(await ok('init', ...models), /orders/);
      assert.match(await ok('create-tables', ...models), /already exist/);
      assert.equal((await run('drop-tables', ...models)).code, 4);
      assert.match(await ok('drop-tables', '--force', ...models), /orders/);
    });
  });
}

describe('the command line', () => {
  it('report a missing cluster if there is no kubeconfig', async () => {
    const { code, stderr } = await hostedDbManager(['status'], { HOME: await temporaryFolder('home'), KUBECONFIG: '' });
    assert.equal(code, 2);
    assert.match(stderr, /No Kubernetes cluster is configured: no kubeconfig was found/);
  });

  const cases: { args: string[]; code: number; says: RegExp }[] = [
    { args: ['migrat'], code: 2, says: /Did you mean migrate/ },
    { args: ['migrate', 'upgrde'], code: 2, says: /Did you mean upgrade/ },
    { args: ['backup', '--nmae', 'x'], code: 2, says: /Did you mean --name[\s\S]*db-manager backup --help/ },
    { args: ['generate'], code: 2, says: /missing required argument 'message'[\s\S]*db-manager generate --help/ },
    {
      args: ['status', '--kubeconfig', '/nowhere'],
      code: 2,
      says: /No Kubernetes cluster is configured.*--kubeconfig/,
    },
    { args: ['migrate', 'current'], code: 2, says: /No database is configured/ },
    { args: ['migrate', 'current', '--database-url', 'mysql://x/y'], code: 2, says: /"mysql" is not supported/ },
    { args: ['migrate', 'current', '--database-url', 'sqlite:///nowhere/x.db'], code: 1, says: /db-manager init/ },
    {
      args: ['migrate', 'upgrade', '--database-url', 'sqlite:////tmp/x-never.db', '--migrations', '/nowhere'],
      code: 2,
      says: /does not exist/,
    },
    { args: ['run', '-f', 'nowhere.yaml'], code: 2, says: /nowhere\.yaml does not exist or cannot be read/ },
    { args: ['runner'], code: 2, says: /db-manager run -f/ },
  ];
  for (const { args, code, says } of cases) {
    it(`ends "${args.join(' ')}" with ${code} and a sentence`, async () => {
      // Not in this repository, which has a configuration.
      const output = await hostedDbManager(args, {}, await temporaryFolder('usage'));
      assert.equal(output.code, code, output.stderr);
      assert.match(`${output.stderr}${output.stdout}`, says);
      assert.doesNotMatch(output.stderr, /\n\s+at .*\.ts:\d+/);
    });
  }
});
