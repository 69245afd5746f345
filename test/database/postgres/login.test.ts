/** Logins that are valid for a short time: tokens of RDS, and files that are read again for each connection. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { listBackups } from '../../../src/backups/list.ts';
import { restoreBackup } from '../../../src/backups/restore.ts';
import { takeBackup } from '../../../src/backups/take.ts';
import { targetFromRequest } from '../../../src/cli/request-target.ts';
import { withoutClientParameters } from '../../../src/core/model/connection/command-url.ts';
import type { DatabaseTarget } from '../../../src/core/model/target.ts';
import type { Database } from '../../../src/database/port.ts';
import { findClients } from '../../../src/database/postgres/dump-clients.ts';
import { OPTIONS, openTarget, targetOf } from '../../backups/fixtures.ts';
import { problem } from '../../backups/problems.ts';
import { dbManager } from '../../cli/process.ts';
import { createAuthority } from '../../support/certificates.ts';
import { temporaryFolder } from '../../support/databases.ts';
import { type PrivatePostgres, sharedPostgres, type TestDatabase } from '../../support/postgres.ts';
import { type RdsFront, startRdsFront } from '../../support/rds-front.ts';

const KEYS = { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'a-secret-key-of-a-test' };
const REGION = 'eu-central-1';
const ORDERS = '-- migrate:up\nCREATE TABLE orders (id integer);\n-- migrate:down\nDROP TABLE orders;\n';

/** Without TLS, pg_dump refuses the parameter before it connects. */
async function dumpsWithTls(program: string): Promise<boolean> {
  const url = 'postgres://127.0.0.1:1/none?sslmode=require';
  const { stderr } = await promisify(execFile)(program, [url]).catch((error: { stderr: string }) => error);
  return !/SSL support is not compiled in/.test(stderr);
}

describe('a login that is valid for a short time', function () {
  this.timeout(120_000);
  let postgres: PrivatePostgres;
  let made: TestDatabase;
  before(async () => {
    postgres = await sharedPostgres();
  });
  beforeEach(async () => {
    made = await postgres.createDatabase('login');
    await postgres.query('CREATE TABLE orders AS SELECT generate_series(1, 100) AS id', [], made.name);
  });
  afterEach(() => made.drop());
  const count = async () =>
    (await postgres.query<{ n: number }>('SELECT count(*)::int AS n FROM orders', [], made.name))[0]?.n;

  /** Every kind of connection: our own, those of migrations and Sequelize, pg_dump, pg_restore, psql, and after a rename. */
  async function useEverything(db: Database, between: () => Promise<void>): Promise<void> {
    const folder = join(await temporaryFolder('backups'), 'backups');
    await between();
    const taken = await takeBackup(db, folder, OPTIONS);
    await postgres.query('DELETE FROM orders', [], made.name);
    await between();
    await restoreBackup(db, taken, { safetyBackup: false, now: new Date() });
    assert.equal(await count(), 100);
    await between();
    const lock = await db.lock({ waitMs: 5_000, runId: 'test', holder: 'test' });
    await lock.release();
    await between();
    assert.deepEqual(await db.history.read(), []);
    assert.equal((await listBackups(folder)).backups.length, 1);
  }

  describe('a token of RDS', () => {
    let front: RdsFront;
    let caFile: string;
    const before_ = { ...process.env };
    before(async function () {
      const [server] = await postgres.query<{ major: number }>(
        "SELECT current_setting('server_version_num')::int / 10000 AS major",
      );
      if (!(await dumpsWithTls(join((await findClients(server?.major ?? 0)).folder, 'pg_dump')))) {
        console.warn('    left out: tokens of RDS, which need TLS, and this build of pg_dump does not support it');
        this.skip();
      }
      const authority = await createAuthority(await temporaryFolder('rds'), 'rds');
      caFile = authority.certFile;
      const certificate = await authority.issue({ name: 'rds', commonName: '127.0.0.1', hosts: ['127.0.0.1'] });
      const [accessKey, secretKey] = [KEYS.AWS_ACCESS_KEY_ID, KEYS.AWS_SECRET_ACCESS_KEY];
      front = await startRdsFront({ upstream: postgres.url(), certificate, accessKey, secretKey, region: REGION });
      Object.assign(process.env, KEYS);
    });
    after(async () => {
      for (const key of Object.keys(KEYS)) delete process.env[key];
      Object.assign(process.env, before_);
      await front?.close();
    });
    beforeEach(() => {
      front.notBefore = 0;
      front.accepted.length = 0;
      front.refused.length = 0;
    });
    const url = (more = '') =>
      `postgres://${postgres.user}@127.0.0.1:${front.port}/${made.name}?auth=rds-iam&aws_region=${REGION}&sslmode=verify-full&sslrootcert=${encodeURIComponent(caFile)}${more}`;

    it('is created for each connection, so that a run can take longer than a token is valid', async () => {
      const db = await openTarget(targetOf(url()));
      try {
        await useEverything(db, async () => {
          // The time in a token has whole seconds.
          front.notBefore = Math.ceil(Date.now() / 1000) * 1000;
          await sleep(front.notBefore - Date.now() + 10);
        });
      } finally {
        await db.close();
      }
      assert.deepEqual(front.refused, []);
      assert.ok(new Set(front.accepted).size >= 4, `${new Set(front.accepted).size} tokens`);
    });

    it('is used by the commands, and is printed nowhere', async () => {
      const project = await temporaryFolder('project');
      const migrations = join(project, 'migrations');
      await mkdir(migrations);
      await writeFile(join(migrations, '1_orders.sql'), ORDERS.replaceAll('orders', 'more_orders'));
      const given = ['--database-url', url(), '--migrations', migrations, '--backups', await temporaryFolder('kept')];
      const run = await dbManager(
        ['safe-migrate', '--verbose', ...given],
        {
          ...KEYS,
          AWS_EC2_METADATA_DISABLED: 'true',
        },
        project,
      );
      assert.equal(run.code, 0, run.stderr + run.stdout);
      assert.doesNotMatch(run.stdout + run.stderr, /X-Amz-|a-secret-key/);
      const wrong = await dbManager(['runs', ...given], { ...KEYS, AWS_SECRET_ACCESS_KEY: 'another-key' }, project);
      assert.notEqual(wrong.code, 0);
      assert.match(wrong.stderr, /PAM authentication failed/);
      assert.doesNotMatch(wrong.stderr, /X-Amz-|another-key/);
      assert.deepEqual(front.refused, ['the signature is wrong']);
    });

    it('needs credentials, and a region', async () => {
      const none = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', AWS_EC2_METADATA_DISABLED: 'true' };
      const home = await temporaryFolder('home');
      const run = (text: string, env: object) =>
        dbManager(['runs', '--database-url', text], { ...none, HOME: home, ...env }, home);
      assert.match((await run(url(), {})).stderr, /No IAM token for \w+ on 127\.0\.0\.1 could be created/);
      const without = url().replace(`&aws_region=${REGION}`, '');
      assert.match((await run(without, KEYS)).stderr, /The region of 127\.0\.0\.1 is not known/);
      assert.doesNotMatch((await run(without, { ...KEYS, AWS_REGION: REGION })).stderr, /region/);
    });
  });

  describe('a file', () => {
    it('with a URL is read again: the password, and even the user, may change during a run', async () => {
      const file = join(await temporaryFolder('login'), 'url');
      const role = `rotated_${made.name}`;
      let turn = 0;
      const rotate = async () => {
        const name = `${role}_${++turn}`;
        await postgres.query(`CREATE ROLE ${name} LOGIN SUPERUSER PASSWORD 'secret-${turn}'`);
        if (turn > 1) await postgres.query(`ALTER ROLE ${role}_${turn - 1} NOLOGIN`);
        await writeFile(file, `postgres://${name}:secret-${turn}@127.0.0.1:${postgres.port}/${made.name}\n`);
      };
      await rotate();
      const db = await openTarget(await fromFile(file));
      try {
        await useEverything(db, rotate);
        await writeFile(file, 'nonsense of secret-9');
        const message = await problem('InvalidConfiguration', () => db.lock({ waitMs: 1, runId: 'x', holder: 'x' }));
        assert.doesNotMatch(message, /secret-9/);
      } finally {
        await db.close();
        await made.drop();
        for (let each = 1; each <= turn; each++) await postgres.query(`DROP ROLE ${role}_${each}`);
      }
    });

    it('with the URL is named by DATABASE_URL_FILE; a missing one is an error that names it', async () => {
      const folder = await temporaryFolder('login');
      const file = join(folder, 'url');
      await writeFile(file, `${made.url}\n`);
      const environment = { DATABASE_URL_FILE: file };
      const run = await dbManager(['runs', '--json'], environment, folder);
      assert.equal(run.code, 0, run.stderr);
      const shown = await dbManager(['config', '--json'], environment, folder);
      assert.match(shown.stdout, /"source": ?"DATABASE_URL_FILE"/);
      assert.ok(!shown.stdout.includes(postgres.password));
      const missing = await dbManager(['runs'], { DATABASE_URL_FILE: `${file}-missing` }, folder);
      assert.notEqual(missing.code, 0);
      assert.match(missing.stderr, /The file in DATABASE_URL_FILE cannot be read: ENOENT.*url-missing/);
    });
  });

  describe('a file is read as the database URL was read at the start', () => {
    it('with the defaults of the environment', async () => {
      const folder = await temporaryFolder('login');
      await writeFile(join(folder, 'url'), `postgres://127.0.0.1/${made.name}\n`);
      await writeFile(join(folder, 'words'), `dbname=${made.name} user=${postgres.user}\n`);
      for (const file of ['url', 'words']) {
        const run = await dbManager(
          ['runs', '--json'],
          {
            DATABASE_URL_FILE: file,
            PGHOST: '127.0.0.1',
            PGPORT: String(postgres.port),
            PGUSER: postgres.user,
            PGPASSWORD: postgres.password,
          },
          folder,
        );
        assert.equal(run.code, 0, run.stderr);
      }
    });

    it('without the parameters that only the command of another tool reads', async () => {
      const file = join(await temporaryFolder('login'), 'url');
      await writeFile(file, `${made.url}?x-migrations-table=versions&pool_size=5`);
      const db = await openTarget(await fromFile(file, withoutClientParameters));
      await db.close();
    });

    it('and a file that no longer contains the URL of a server is an error without its content', async () => {
      const file = join(await temporaryFolder('login'), 'url');
      await writeFile(file, made.url);
      const target = await fromFile(file);
      await writeFile(file, 'sqlite:secret-9.db');
      const message = await problem('InvalidConfiguration', () => openTarget(target));
      assert.match(message, /is no longer valid\. It is not the URL of a PostgreSQL database/);
      assert.doesNotMatch(message, /secret-9/);
    });
  });

  /** As in a pod: the variable of the Secret, and the file of the same Secret. */
  async function fromFile(file: string, ownUrl?: (url: string) => string): Promise<DatabaseTarget> {
    const env = { DATABASE_URL: await readFile(file, 'utf8'), DATABASE_URL_FILE: file };
    return targetFromRequest({ database: { urlVariable: 'DATABASE_URL' } }, env, ownUrl);
  }
});
