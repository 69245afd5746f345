import assert from 'node:assert/strict';
import { join } from 'node:path';
import pg from 'pg';
import { takeBackup } from '../../src/backups/take.ts';
import type { CheckResult } from '../../src/core/model/finding.ts';
import type { ProblemError } from '../../src/core/model/problem.ts';
import type { CheckContext } from '../../src/database/port.ts';
import { OPTIONS } from '../backups/fixtures.ts';
import { look } from '../engine/request.ts';
import { temporaryFolder } from '../support/databases.ts';
import { type PrivatePostgres, startPostgres } from '../support/postgres.ts';

const by = (checks: CheckResult[], name: string) => checks.find((check) => check.name === name);
const ask = (url: string, context: CheckContext = {}) => look(url, (database) => database.checks(context));

/** What takes back what a test made: a schema, a sequence or a table. */
function dropOf(make: string): string {
  if (make.startsWith('CREATE SCHEMA')) return 'DROP SCHEMA IF EXISTS aside, "My side" CASCADE';
  return make.startsWith('CREATE SEQ') ? 'DROP SEQUENCE hidden' : 'DROP TABLE hidden';
}

describe('the checks around a PostgreSQL database', function () {
  this.timeout(60_000);
  let server: PrivatePostgres;
  let url: string;
  let name: string;

  before(async () => {
    server = await startPostgres({ settings: { max_prepared_transactions: '2', max_connections: '20' } });
    ({ url, name } = await server.createDatabase('checks'));
  });
  after(() => server.stop());

  it('pass on a quiet primary, and name what they looked at', async () => {
    const checks = await ask(url, { backupFolder: await temporaryFolder('backups') });
    assert.deepEqual(
      checks.filter(({ result }) => result !== 'passed'),
      [],
    );
    assert.deepEqual(
      checks.map((check) => check.name),
      [
        'database reachable',
        'database writable',
        'server version',
        'privileges',
        'long transactions',
        'replication',
        'replication slots',
        'prepared transactions',
        'connections',
        'rehearsal privileges',
        'client version',
        'backup readable',
      ],
    );
  });

  it('ask nothing of pg_dump where no backup will be taken', async () => {
    assert.equal(by(await ask(url), 'client version'), undefined);
  });

  it('report tables in schemas that are not validated, and foreign keys from there', async () => {
    const query = (sql: string) => server.query(sql, [], name);
    await query('CREATE TABLE orders (id int PRIMARY KEY); CREATE SCHEMA "My Reports"; CREATE SCHEMA empty');
    await query('CREATE TABLE "My Reports".notes (id int); CREATE TABLE "My Reports".lines (id int)');
    try {
      const before = by(await ask(url), 'other schemas');
      assert.equal(before?.result, 'warning');
      assert.match(
        before.message,
        /than "public" are not validated, and the rehearsal does not count their rows: 2 in "My Reports"\. If/,
      );
      await query('ALTER TABLE "My Reports".lines ADD FOREIGN KEY (id) REFERENCES public.orders ON DELETE CASCADE');
      const bound = by(await ask(url), 'other schemas')?.message ?? '';
      assert.match(
        bound,
        /Foreign keys of "My Reports" reference the validated tables: rows that cascade there are not counted/,
      );
      const [, said = ''] = /(\?schemas=\S+)/.exec(bound) ?? [];
      assert.equal(by(await ask(`${url}${said}`), 'other schemas'), undefined, 'named as it says, nothing is left');
    } finally {
      await query('DROP SCHEMA "My Reports" CASCADE; DROP SCHEMA empty; DROP TABLE orders');
    }
  });

  it('report a replication slot without a consumer', async () => {
    await server.query("SELECT pg_create_physical_replication_slot('forgotten', true)");
    try {
      const slots = by(await ask(url), 'replication slots');
      assert.equal(slots?.result, 'warning');
      assert.match(slots.message, /^without a consumer: forgotten\. /);
    } finally {
      await server.query("SELECT pg_drop_replication_slot('forgotten')");
    }
  });

  it('report a prepared transaction, which holds its locks until it is ended', async () => {
    await server.query('CREATE TABLE t (id bigint)', [], name);
    await server.query("BEGIN; LOCK TABLE t; PREPARE TRANSACTION 'left'", undefined, name);
    try {
      const prepared = by(await ask(url), 'prepared transactions');
      assert.equal(prepared?.result, 'warning');
      assert.match(prepared.message, /^1 in this database/);
    } finally {
      await server.query("ROLLBACK PREPARED 'left'", [], name);
    }
  });

  it('report that few connections are left', async () => {
    const clients = Array.from({ length: 11 }, () => new pg.Client({ connectionString: url }));
    try {
      for (const client of clients) await client.connect();
      const connections = by(await ask(url), 'connections');
      assert.equal(connections?.result, 'warning');
      assert.match(connections.message, /^only \d of max_connections are free/);
    } finally {
      await Promise.all(clients.map((client) => client.end()));
    }
  });

  it('count the sessions of other roles, and report that a role without pg_read_all_stats cannot see their transactions', async () => {
    const { url, name } = await server.createDatabase('others');
    await server.query("CREATE ROLE migrator LOGIN PASSWORD 'x'; CREATE ROLE web LOGIN PASSWORD 'x'");
    const as = (role: string) => url.replace(/\/\/[^@]+@/, `//${role}:x@`);
    const web = [1, 2].map(() => new pg.Client({ connectionString: as('web') }));
    try {
      for (const client of web) await client.connect();
      await web[0]?.query('BEGIN');
      const long = async (role: string) => by(await ask(as(role)), 'long transactions')?.message;
      assert.equal(
        await long('migrator'),
        'none older than 60 s. The transactions of 2 sessions of other roles are not visible to migrator. As a superuser, run: GRANT pg_read_all_stats TO "migrator";',
      );
      assert.equal(await long('web'), 'none older than 60 s');
      await server.query(`ALTER DATABASE ${name} CONNECTION LIMIT 5`);
      const limited = by(await ask(as('migrator')), 'connections');
      assert.match(limited?.message ?? '', /5 connections, 2 of which others use.*LIMIT 7;$/);
      await server.query(`ALTER DATABASE ${name} CONNECTION LIMIT -1`);
      const free = async (role: string) =>
        /^(\d+) free$/.exec(by(await ask(as(role)), 'connections')?.message ?? '')?.[1];
      assert.equal(await free('migrator'), await free('web'));
      await server.query('GRANT pg_read_all_stats TO migrator');
      assert.equal(await long('migrator'), 'none older than 60 s');
    } finally {
      await Promise.all(web.map((client) => client.end()));
    }
  });

  it('fail where a limit of the role or of the database would stop the run in the middle', async () => {
    const { url, name } = await server.createDatabase('limits');
    await server.query("CREATE ROLE limited LOGIN PASSWORD 'x'");
    const own = url.replace(/\/\/[^@]+@/, '//limited:x@');
    const others = [1, 2].map(() => new pg.Client({ connectionString: own }));
    try {
      for (const [statement, context, result, message] of [
        ['ALTER ROLE limited CONNECTION LIMIT 4', {}, 'failed', /ROLE "limited" is 4 connections, .*LIMIT 5;$/],
        ['ALTER ROLE limited CONNECTION LIMIT 5', {}, 'passed', /free$/],
        ['SELECT 1', { copyOnTarget: true }, 'failed', /ROLE "limited" is 5 connections, but a run opens up to [6-9]/],
        [`ALTER DATABASE ${name} CONNECTION LIMIT 3`, {}, 'failed', new RegExp(`DATABASE "${name}" is 3 .*LIMIT 5;$`)],
        [`ALTER DATABASE ${name} CONNECTION LIMIT 5`, {}, 'passed', /free$/],
      ] as const) {
        await server.query(statement);
        const found = by(await ask(own, context), 'connections');
        assert.deepEqual([found?.result, message.test(found?.message ?? '')], [result, true], found?.message);
      }
      for (const client of others) await client.connect();
      assert.match(by(await ask(own), 'connections')?.message ?? '', /5 connections, 2 of which others use.*LIMIT 7;$/);
      assert.equal(by(await ask(url), 'connections')?.result, 'passed');
    } finally {
      await Promise.all(others.map((client) => client.end()));
    }
  });

  for (const [what, make, advice] of [
    [
      'that row security hides from its owner (R3)',
      'CREATE TABLE hidden (id int); ALTER TABLE hidden ENABLE ROW LEVEL SECURITY; ALTER TABLE hidden FORCE ROW LEVEL SECURITY; ALTER TABLE hidden OWNER TO plain',
      /row security hides rows of public\.hidden.* from plain.*ALTER ROLE "plain" BYPASSRLS.*NO FORCE ROW LEVEL SECURITY/,
    ],
    [
      'that another role hides',
      'CREATE TABLE hidden (id int); ALTER TABLE hidden ENABLE ROW LEVEL SECURITY; GRANT SELECT ON hidden TO plain',
      /row security hides rows of public\.hidden.* from plain.*ALTER ROLE "plain" BYPASSRLS;$/,
    ],
    [
      'that the user may not read (R3)',
      'CREATE TABLE hidden (id int)',
      /plain has no privilege to read public\.hidden.*As tester, run: GRANT SELECT ON public\.hidden TO "plain";/,
    ],
    ['whose sequence the user may not read', 'CREATE SEQUENCE hidden', /plain has no privilege to read public\.hidden/],
    [
      'of a schema that the connection does not name',
      'CREATE SCHEMA aside; CREATE TABLE aside.hidden (id int); GRANT USAGE ON SCHEMA aside TO plain',
      /plain has no privilege to read aside\.hidden.*GRANT SELECT ON aside\.hidden TO "plain";/,
    ],
    [
      'of a schema that the user may not use',
      'CREATE SCHEMA "My side"; CREATE TABLE "My side".hidden (id int); GRANT SELECT ON "My side".hidden TO plain',
      /has no privilege to use the schema of "My side"\.hidden.*As tester, run: GRANT USAGE ON SCHEMA "My side" TO "plain";/,
    ],
  ] as const) {
    it(`fail where a backup would lack a table ${what}`, async () => {
      await server.query("CREATE ROLE plain LOGIN PASSWORD 'p'", undefined, name);
      await server.query(make, undefined, name);
      try {
        const plain = url.replace(/\/\/[^@]+@/, '//plain:p@');
        const check = by(await ask(plain, { backupFolder: await temporaryFolder('backups') }), 'backup readable');
        assert.equal(check?.result, 'failed');
        assert.match(check.message, advice);
        const folder = await temporaryFolder('backups');
        // pg_dump is the judge.
        const taking = look(plain, (database) => takeBackup(database, join(folder, 'b'), OPTIONS));
        await assert.rejects(taking, ({ problem }: ProblemError) =>
          ['PermissionDenied', 'BackupFailed'].includes(problem.reason),
        );
      } finally {
        await server.query(dropOf(make), undefined, name);
        await server.query('DROP OWNED BY plain; DROP ROLE plain', undefined, name);
      }
    });
  }

  it('pass where only what pg_dump does not read is closed, or what a limited backup leaves out', async () => {
    const other = await server.createDatabase('closed');
    await server.query(
      `CREATE ROLE plain LOGIN PASSWORD 'p'; CREATE SCHEMA aside; CREATE TABLE aside.hidden (id int);
       CREATE MATERIALIZED VIEW closed AS SELECT 1 AS one; CREATE VIEW shut AS SELECT 1 AS one`,
      undefined,
      other.name,
    );
    try {
      const plain = other.url.replace(/\/\/[^@]+@/, '//plain:p@');
      const backupFolder = await temporaryFolder('backups');
      const whole = by(await ask(plain, { backupFolder }), 'backup readable');
      assert.equal(whole?.result, 'failed');
      const limited = by(await ask(plain, { backupFolder, backupSchemas: ['public'] }), 'backup readable');
      assert.deepEqual([limited?.result, limited?.message], ['passed', 'plain can read every table']);
      const options = { ...OPTIONS, schemas: ['public'] };
      const { manifest } = await look(plain, (database) => takeBackup(database, join(backupFolder, 'b'), options));
      assert.deepEqual(manifest.schemas, ['public']);
    } finally {
      await server.query('DROP ROLE plain');
    }
  });

  it('report what a user may not do: create in the schema, and create a database for the copy', async () => {
    await server.query(
      "CREATE ROLE weak LOGIN PASSWORD 'weak-pass-1' NOCREATEDB; REVOKE CREATE ON SCHEMA public FROM PUBLIC",
      undefined,
      name,
    );
    const weak = new URL(url);
    weak.username = 'weak';
    weak.password = 'weak-pass-1';
    const checks = await ask(weak.href);
    assert.equal(by(checks, 'privileges')?.result, 'failed');
    assert.match(by(checks, 'privileges')?.message ?? '', /GRANT CREATE ON SCHEMA public TO weak/);
    // A private server asks nothing of the role.
    assert.equal(by(checks, 'rehearsal privileges')?.result, 'passed');
    assert.match(by(checks, 'rehearsal privileges')?.message ?? '', /private server/);
    assert.doesNotMatch(JSON.stringify(checks), /weak-pass-1/);
  });

  it('fail on a database that takes no writes', async () => {
    const other = await server.createDatabase('readonly');
    await server.query(`ALTER DATABASE ${other.name} SET default_transaction_read_only = on`);
    assert.equal(by(await ask(other.url), 'database writable')?.result, 'failed');
  });

  it('report the rows and bytes of tables from the catalogue', async () => {
    const other = await server.createDatabase('sizes');
    await server.query(
      'CREATE TABLE full_one AS SELECT g AS id FROM generate_series(1, 3000) g; CREATE TABLE empty_one (id bigint)',
      undefined,
      other.name,
    );
    const sizes = () => look(other.url, (database) => database.tableSizes());
    const before = await sizes();
    assert.deepEqual(before.get('public.empty_one')?.rows, 0);
    assert.ok((before.get('public.full_one')?.bytes ?? 0) > 100_000);
    await server.query('ANALYZE', [], other.name);
    assert.equal((await sizes()).get('public.full_one')?.rows, 3000);
  });
});
