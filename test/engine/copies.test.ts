/** A copy is compared with its backup, and what its restore showed is kept with the backup. */
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { listBackups } from '../../src/backups/list.ts';
import { restoreBackup } from '../../src/backups/restore.ts';
import { recordRestored } from '../../src/backups/restored.ts';
import { takeBackup } from '../../src/backups/take.ts';
import { lackOf } from '../../src/engine/missing-objects.ts';
import { checkMigrationSafety, safeMigrate } from '../../src/library/safe-migrate.ts';
import { OPTIONS, openTarget, targetOf } from '../backups/fixtures.ts';
import { temporaryFolder } from '../support/databases.ts';
import { sharedPostgres } from '../support/postgres.ts';

const RESTORE = { safetyBackup: false, now: OPTIONS.now, terminateSessions: true } as const;

describe('a copy that was restored from a backup', function () {
  this.timeout(120_000);
  let name = '';
  let url = '';
  let drop: () => Promise<void> = async () => {};
  const sql = async (text: string) => (await sharedPostgres()).query(text, [], name);

  beforeEach(async () => {
    ({ name, url, drop } = await (await sharedPostgres()).createDatabase('copies'));
    await sql('CREATE TABLE kept (id int PRIMARY KEY); INSERT INTO kept VALUES (1), (2)');
  });
  afterEach(() => drop());

  for (const server of ['Private', 'SameServer'] as const) {
    it(`is reported as different if the dump lacks what the backup lists: ${server}`, async () => {
      const db = await openTarget(targetOf(url));
      const folder = join(await temporaryFolder('copies'), 'b');
      try {
        const old = await takeBackup(db, folder, { ...OPTIONS, name: 'old' });
        await sql(
          `CREATE TABLE lost (id int); CREATE TABLE "Lo ""st" (id int); CREATE FUNCTION gone(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
           INSERT INTO kept VALUES (3); ALTER TABLE kept ADD CONSTRAINT positive CHECK (id > 0)`,
        );
        const { manifest } = await takeBackup(db, folder, { ...OPTIONS, name: 'new' });
        const backup = { ...old, manifest: { ...old.manifest, catalogue: manifest.catalogue } };
        const scratch = await db.createScratch({ kind: 'backup', backup }, { runId: 'copies', server });
        await scratch.drop();
        const [said = ''] = scratch.notes;
        assert.match(said, /^the copy differs from the backup: .*table public\.lost is missing/);
        assert.match(said, /rows of public\.kept: 2 instead of 3/);
        assert.deepEqual(scratch.restored, scratch.notes);
        const lacks = (statement: string) => lackOf(scratch, new Map([['0002_x', [statement]]]))?.message;
        assert.match(
          lacks('DROP TABLE IF EXISTS public.LOST') ?? '',
          /does not have table public\.lost, which 0002_x names/,
        );
        assert.match(lacks('CREATE TABLE "Lo ""st" (a int)'.replace('""', '"')) ?? '', /Lo/);
        assert.match(lacks('SELECT gone(1)') ?? '', /function public\.gone\(integer\)/);
        assert.equal(lacks('ALTER TABLE kept ADD almost_lost int, ADD lost_and_found int'), undefined);
        assert.equal(lacks('UPDATE kept SET id = id + 1'), undefined, 'a column of that name');
      } finally {
        await db.close();
      }
    });

    it(`is equal to a backup of many classes of objects: ${server}`, async () => {
      const db = await openTarget(targetOf(url));
      try {
        await sql(`CREATE VIEW v AS SELECT count(*) AS n FROM kept; CREATE SEQUENCE s; SELECT nextval('s'); CREATE TYPE mood AS ENUM ('a');
          CREATE TABLE parts (k int, m mood) PARTITION BY LIST (k); CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1); INSERT INTO parts VALUES (1, 'a');
          CREATE EXTENSION pg_trgm; CREATE INDEX ON kept (id) WHERE id > 1; ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC; SELECT lo_from_bytea(0, 'x')`);
        const backup = await takeBackup(db, join(await temporaryFolder('copies'), 'b'), OPTIONS);
        const scratch = await db.createScratch({ kind: 'backup', backup }, { runId: 'copies', server });
        await scratch.drop();
        assert.deepEqual(scratch.notes, []);
        assert.deepEqual(scratch.missing, []);
      } finally {
        await db.close();
      }
    });
  }

  it('leaves in the manifest what it showed, and safety-check and a restore report it before they do anything', async () => {
    await sql(`CREATE TABLE offers (until timestamptz CONSTRAINT future CHECK (until > now())); INSERT INTO offers VALUES (clock_timestamp() + interval '1 millisecond');
      CREATE TABLE divisors (x int); INSERT INTO divisors VALUES (1); CREATE MATERIALIZED VIEW shares AS SELECT 1 / x AS y FROM divisors; UPDATE divisors SET x = 0`);
    const cwd = await temporaryFolder('copies');
    const [migrations, backups] = [join(cwd, 'migrations'), join(cwd, 'backups')];
    await mkdir(migrations);
    await writeFile(
      join(migrations, '0001_n.sql'),
      '-- migrate:up\nCREATE TABLE n (id int);\n-- migrate:down\nDROP TABLE n;\n',
    );
    const settings = { cwd, databaseUrl: url, config: false as const, backups };
    assert.equal((await safeMigrate(settings)).result, 'succeeded');

    const [backup] = (await listBackups(backups)).backups;
    assert.ok(backup);
    const { restored } = backup.manifest;
    assert.equal(restored?.place, 'Private');
    const differences = restored?.differences.join('\n') ?? '';
    assert.match(differences, /pg_restore alone cannot restore .*violates check constraint "future"/);
    assert.match(differences, /shares.*division by zero/);

    const { checks } = await checkMigrationSafety(settings);
    const found = checks.find((each) => each.name === 'newest backup restorable');
    assert.equal(found?.result, 'warning');
    assert.match(found?.message ?? '', /violates check constraint "future"/);

    const db = await openTarget(targetOf(url));
    const said: string[] = [];
    let saidBefore = 0;
    try {
      await restoreBackup(db, backup, {
        ...RESTORE,
        onMessage: (text) => said.push(text),
        onProgress: (phase) => {
          if (phase === 'restore' && saidBefore === 0) saidBefore = said.length;
        },
      });
      assert.match(said[0] ?? '', /was restored to a copy on .* with these differences: .*future/);
      assert.ok(saidBefore > 0);
    } finally {
      for (const { name: kept } of await db.keptDatabases()) await db.dropKept(kept);
      await db.close();
    }
  });

  it('changes nothing else of the manifest, and leaves no file', async () => {
    const db = await openTarget(targetOf(url));
    const folder = join(await temporaryFolder('copies'), 'b');
    try {
      const backup = await takeBackup(db, folder, OPTIONS);
      const files = await readdir(folder);
      const restored = { at: OPTIONS.now.toISOString(), place: 'SameServer', differences: [] } as const;
      await recordRestored(backup, { ...restored, differences: [] });
      assert.deepEqual(await readdir(folder), files);
      const text = await readFile(join(folder, files.find((file) => file.endsWith('.json')) ?? ''), 'utf8');
      assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify({ ...backup.manifest, restored })));
    } finally {
      await db.close();
    }
  });
});
