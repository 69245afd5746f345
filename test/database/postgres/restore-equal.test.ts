import assert from 'node:assert/strict';
import { join } from 'node:path';
import { restoreBackup } from '../../../src/backups/restore.ts';
import { takeBackup } from '../../../src/backups/take.ts';
import { OPTIONS, openTarget, targetOf, withPostgres } from '../../backups/fixtures.ts';
import { temporaryFolder } from '../../support/databases.ts';
import { sharedPostgres } from '../../support/postgres.ts';
import { damage, ownersObjects, type Roles, superusersObjects } from './kitchen-sink.ts';
import { observe } from './observed.ts';

const RESTORE = { safetyBackup: false, now: OPTIONS.now } as const;

describe('a database with an object of every class', () => {
  for (const by of [
    'a superuser',
    'an owner who may create databases',
    'an owner who may not create databases',
  ] as const) {
    it(`is equal after twelve kinds of damage and a restore by ${by}`, async () => {
      const sink = await kitchenSink(by);
      const before = await sink.observe();
      const folder = join(await temporaryFolder('sink'), 'backups');
      const db = await openTarget(targetOf(sink.url));
      const said: string[] = [];
      try {
        const backup = await takeBackup(db, folder, OPTIONS);
        assert.equal(JSON.stringify(backup.manifest).includes('hidden-password'), false);
        await sink.damage();
        assert.notDeepEqual(await sink.observe(), before);
        await restoreBackup(db, backup, { ...RESTORE, terminateSessions: true, onMessage: (text) => said.push(text) });
        assert.deepEqual(await sink.observe(), before);
        const kept = await db.keptDatabases();
        assert.equal(kept.length, by === 'an owner who may not create databases' ? 0 : 1, said.join('\n'));
        for (const { name } of kept) await db.dropKept(name);
      } finally {
        await db.close();
        await sink.drop();
      }
    });
  }
});

type By = 'a superuser' | 'an owner who may create databases' | 'an owner who may not create databases';

async function kitchenSink(by: By) {
  const postgres = await sharedPostgres();
  const major = Math.floor(postgres.version / 10_000);
  const id = `ks${process.pid}${by.length}`;
  const roles: Roles = { owner: `${id}_owner`, app: `${id}_app`, reader: `${id}_reader`, grantor: `${id}_grantor` };
  const superuser = by === 'a superuser';
  await postgres.query(`CREATE ROLE ${roles.app}; CREATE ROLE ${roles.reader}; CREATE ROLE ${roles.grantor} LOGIN PASSWORD 'x';
    CREATE ROLE ${roles.owner} LOGIN PASSWORD 'x' ${by === 'an owner who may create databases' ? 'CREATEDB' : ''} IN ROLE ${roles.app}, ${roles.grantor}`);
  await postgres.query(
    `CREATE DATABASE ${id} OWNER ${roles.owner} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C' CONNECTION LIMIT 40`,
  );
  await postgres.query(
    `ALTER DATABASE ${id} SET datestyle = 'SQL, DMY'; ALTER DATABASE ${id} SET search_path = sales, "$user", public;
     ALTER ROLE ${roles.owner} IN DATABASE ${id} SET work_mem = '9MB';${superuser ? ` ALTER DATABASE ${id} SET "my.tenant" = 'it''s one';` : ''}
     COMMENT ON DATABASE ${id} IS 'it''s all'; GRANT CONNECT ON DATABASE ${id} TO ${roles.app} WITH GRANT OPTION; REVOKE TEMPORARY ON DATABASE ${id} FROM PUBLIC`,
  );
  const ownersUrl = postgres.url(id).replace(/\/\/[^@]+@/, `//${roles.owner}:x@`);
  const asOwner = (text: string) => withPostgres(targetOf(ownersUrl), (client) => client.query(text));
  await asOwner(ownersObjects(roles, { major }));
  await withPostgres(targetOf(ownersUrl.replace(roles.owner, roles.grantor)), (client) =>
    client.query(`GRANT SELECT ON sales.orders TO ${roles.reader}`),
  );
  if (superuser) await postgres.query(superusersObjects(roles, { major }), [], id);
  return {
    url: superuser ? postgres.url(id) : ownersUrl,
    damage: () => asOwner(damage(roles)),
    /** With PostgreSQL's own means: the schema and rows in the output of pg_dump, and the privileges in the catalogues. */
    observe: () => observe(postgres, id),
    async drop() {
      await postgres.query(`DROP DATABASE ${id} WITH (FORCE)`);
      await postgres.query(`DROP ROLE ${roles.owner}, ${roles.app}, ${roles.reader}, ${roles.grantor}`);
    },
  };
}
