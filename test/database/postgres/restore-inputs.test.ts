import assert from 'node:assert/strict';
import { join } from 'node:path';
import pg from 'pg';
import { restoreBackup } from '../../../src/backups/restore.ts';
import { takeBackup } from '../../../src/backups/take.ts';
import { ProblemError } from '../../../src/core/model/problem.ts';
import type { Database } from '../../../src/database/port.ts';
import { OPTIONS, openTarget, targetOf } from '../../backups/fixtures.ts';
import { temporaryFolder } from '../../support/databases.ts';
import { sharedPostgres } from '../../support/postgres.ts';
import { INPUTS } from './inputs.ts';
import { type Observed, observe } from './observed.ts';

const RESTORE = { safetyBackup: false, now: OPTIONS.now, terminateSessions: true } as const;

describe('a database with what ordinary databases have', function () {
  this.timeout(300_000);

  for (const by of ['a superuser', 'an owner with CREATEDB', 'an owner'] as const) {
    it(`is equal on a private server, and after damage and a restore by ${by}`, async () => {
      const made = await make(by);
      const db = await openTarget(targetOf(by === 'a superuser' ? made.superuserUrl : made.ownersUrl));
      const said: string[] = [];
      try {
        const before = await made.observe();
        const backup = await takeBackup(db, join(await temporaryFolder('inputs'), 'b'), OPTIONS);
        if (by === 'an owner') await sameOnPrivateServer(db, { kind: 'backup', backup }, before, made.name);
        await made.damage();
        assert.notDeepEqual(await made.observe(), before);
        await restoreBackup(db, backup, { ...RESTORE, onMessage: (text) => said.push(text) });
        assert.deepEqual(await made.observe(), before);
        assert.doesNotMatch(said.join('\n'), /table names without a schema/);
        assert.doesNotMatch(said.join('\n'), /does not have the roles/);
        if (by === 'an owner') assert.match(said.join('\n'), /are not replaced: .*FOREIGN TABLE/);
        if (by === 'a superuser') assert.equal((await db.keptDatabases()).length, 1, said.join('\n'));
      } finally {
        await close(db, made);
      }
    });
  }

  it('is not restored where an object that the owner cannot create was changed, and is unchanged', async () => {
    const made = await make('an owner', ['a foreign table of a server that the owner may not use']);
    const db = await openTarget(targetOf(made.ownersUrl));
    try {
      const backup = await takeBackup(db, join(await temporaryFolder('inputs'), 'b'), OPTIONS);
      await made.asSuperuser('ALTER FOREIGN TABLE s0.ft ADD COLUMN b int; DELETE FROM s0.t');
      const changed = await made.observe();
      await assert.rejects(
        restoreBackup(db, backup, RESTORE),
        (error) =>
          error instanceof ProblemError &&
          error.problem.reason === 'RestoreIncomplete' &&
          /foreign table column s0\.ft\.b is not in the backup/.test(error.problem.message),
      );
      assert.deepEqual(await made.observe(), changed);
    } finally {
      await close(db, made);
    }
  });
});

async function make(by: string, names = Object.keys(INPUTS)) {
  const postgres = await sharedPostgres();
  const major = Math.floor(postgres.version / 10_000);
  const { name, drop } = await postgres.createDatabase('inputs');
  const [owner, other, reader] = [`${name}_owner`, `${name}_other`, `${name}_reader`];
  await postgres.query(`CREATE ROLE ${other}; CREATE ROLE ${reader};
    CREATE ROLE ${owner} LOGIN PASSWORD 'x' ${by === 'an owner with CREATEDB' ? 'CREATEDB' : ''} IN ROLE ${other}; ALTER DATABASE ${name} OWNER TO ${owner}`);
  const superuserUrl = postgres.url(name);
  const ownersUrl = superuserUrl.replace(/\/\/[^@]+@/, `//${owner}:x@`);
  const [built] = await postgres.query<{ icu: boolean }>(
    "SELECT EXISTS (SELECT FROM pg_collation WHERE collname = 'de-x-icu') AS icu",
  );
  const inputs = names
    .flatMap((each) => INPUTS[each] ?? [])
    .filter(({ since = 0, icu }) => since <= major && (icu === undefined || built?.icu === true));
  const run = async (url: string, sql: string, schema = 'public') => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      await client.query(`SET search_path = ${schema}, public`);
      const roles = { $OWNER: owner, $OTHER: other, $READER: reader };
      await client.query(sql.replace(/\$(OWNER|OTHER|READER)/g, (role) => roles[role as keyof typeof roles]));
    } finally {
      await client.end();
    }
  };
  for (const [index, input] of inputs.entries()) {
    await run(ownersUrl, `CREATE SCHEMA s${index}`);
    if (input.superuser !== undefined) await run(superuserUrl, input.superuser, `s${index}`);
    await run(ownersUrl, input.owner, `s${index}`);
  }
  return {
    name,
    superuserUrl,
    ownersUrl,
    observe: () => observe(postgres, name),
    asSuperuser: (sql: string) => run(superuserUrl, sql),
    async damage() {
      for (const [index, { damage }] of inputs.entries()) await run(ownersUrl, damage, `s${index}`);
    },
    async drop() {
      await drop();
      await postgres.query(`DROP ROLE ${owner}, ${other}, ${reader}`);
    },
  };
}

async function sameOnPrivateServer(
  db: Database,
  source: Parameters<Database['createScratch']>[0],
  before: Observed,
  name: string,
) {
  const { user, version } = await sharedPostgres();
  const scratch = await db.createScratch(source, { runId: 'inputs', server: 'Private' });
  try {
    const host = /\?host=(\/.+)$/.exec(scratch.database.identity.display)?.[1] ?? '';
    const there = await observe({ host, port: 5432, user, version }, name);
    assert.deepEqual(ofUsers(there), ofUsers(before));
    assert.deepEqual(scratch.notes, []);
  } finally {
    await scratch.drop();
  }
}

/** A private server's own objects belong to its superuser, and the constructors of range types, which have no owner in a dump. */
function ofUsers(observed: Observed): Observed {
  const isOurs = ({ name }: Observed['privileges'][number]) =>
    !/^(pg_|information_schema$)|(?:^|\.)(r|rmulti)\(/.test(name);
  return { ...observed, privileges: observed.privileges.filter(isOurs) };
}

async function close(db: Database, made: Awaited<ReturnType<typeof make>>) {
  for (const { name } of await db.keptDatabases()) await db.dropKept(name);
  await db.close();
  await made.drop();
}
