import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import sqlite3 from 'sqlite3';
import type { DatabaseMigration } from '../../src/core/model/resource.ts';
import { eventually } from '../support/processes.ts';
import { MAIN } from '../support/program.ts';
import { type Project, project, withMigrations } from './fixtures.ts';

const WIDER = `-- migrate:up
ALTER TABLE notes ADD COLUMN written_at text;
UPDATE notes SET written_at = 'before';
CREATE INDEX notes_body ON notes (body);
-- migrate:down
DROP INDEX notes_body;
ALTER TABLE notes DROP COLUMN written_at;
`;

/** changeColumn rebuilds the whole table while the writer writes to it. */
const REBUILT = `export async function up({ context }) {
  await context.changeColumn('notes', 'body', { type: 'TEXT', allowNull: false, defaultValue: 'empty' });
}
export async function down({ context }) {
  await context.changeColumn('notes', 'body', { type: 'TEXT', allowNull: false, defaultValue: undefined });
}
`;

interface Spec {
  [key: string]: unknown;
}

function manifest(spec: Spec = {}): string {
  return JSON.stringify({
    apiVersion: 'db-manager.dev/v1alpha1',
    kind: 'DatabaseMigration',
    metadata: { name: 'notes', namespace: 'shop' },
    spec: {
      execution: 'Sidecar',
      database: { sqlite: { volume: { claimName: 'app-data' }, path: 'app.db' } },
      migrations: { configMaps: [{ name: 'notes-migrations' }] },
      backup: { volume: { claimName: 'app-backups' } },
      retry: { limit: 2, backoff: '1s' },
      ...spec,
    },
  });
}

const PLACES = ['--volume', 'app-data=data', '--volume', 'app-backups=backups', '--migrations', 'migrations'];

/** A folder with two migrations and a database in which both are applied. */
async function ground(spec?: Spec): Promise<Project> {
  const here = await withMigrations(await project('sqlite'));
  await here.write('migration.yaml', manifest(spec));
  await here.write('termination', '');
  assert.equal((await here.run('init', '--no-tables')).code, 0);
  return here;
}

const initContainer = (here: Project, ...args: string[]) =>
  here.runWith(
    { DB_MANAGER_TERMINATION_LOG: join(here.folder, 'termination') },
    ...['sidecar', '--once', '-f', 'migration.yaml', ...PLACES, ...args],
  );

/** Nothing that a failed test leaves behind keeps the suite from ending. */
const started: ChildProcess[] = [];

interface Running {
  said(): string;
  port(): number;
  probe(path: string): Promise<{ status: number; text: string }>;
  stop(): Promise<number | null>;
}

async function beside(here: Project): Promise<Running> {
  const args = ['sidecar', '-f', 'migration.yaml', ...PLACES, '--port', '0', '--poll-interval', '200ms'];
  const child = spawn(process.execPath, [MAIN, ...args, '--status-file', 'status.json'], {
    cwd: here.folder,
    env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.push(child);
  const said = collect(child);
  const port = () => Number(/probes on port (\d+)/.exec(said())?.[1]);
  await eventually('the sidecar to start', async () => port() > 0, { explain: async () => said() });
  return {
    said,
    port,
    async probe(path) {
      const response = await fetch(`http://127.0.0.1:${port()}${path}`);
      return { status: response.status, text: await response.text() };
    },
    async stop() {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      return ((await ended) as [number | null])[0];
    },
  };
}

function collect(child: ChildProcess): () => string {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (part) => (text += part));
  return () => text;
}

function rows<Row>(here: Project, sql: string): Promise<Row[]> {
  const database = new sqlite3.Database(join(here.folder, 'data/app.db'));
  return new Promise((done, fail) => {
    database.all<Row>(sql, (error, found) => (error === null ? done(found) : fail(error)));
    database.close();
  });
}

describe('db-manager sidecar', () => {
  afterEach(() => {
    for (const child of started.splice(0)) child.kill('SIGKILL');
  });

  it('uses the mounts of the pod of a Job without --volume', async () => {
    const here = await ground();
    const { code, out, err } = await here.run('sidecar', '--once', '-f', 'migration.yaml');
    assert.notEqual(code, 0);
    assert.match(out + err, /\/migrations|\/data\//);
    assert.doesNotMatch(out + err, /InternalError/);
  });

  it('--once migrates before the application starts and ends with 0; again it has nothing to do', async () => {
    const here = await ground();
    const first = await initContainer(here, '--status-file', 'status.json');
    assert.equal(first.code, 0, first.out + first.err);
    assert.match(first.out, /^Migrated: 2 migrations applied/m);
    const { status }: DatabaseMigration = JSON.parse(await here.read('status.json'));
    assert.equal(status?.conditions?.find(({ type }) => type === 'Ready')?.status, 'True');
    assert.match(status?.backup?.path ?? '', /\/backups\/shop\/notes\/backup_/);
    const second = await initContainer(here);
    assert.equal(second.code, 0);
    assert.match(second.out, /^UpToDate: /m);
  });

  it('--once reports why it failed, in the log and in the message that kubectl describe shows', async () => {
    const here = await ground();
    await here.write('migrations/20240103000000_wrong.sql', '-- migrate:up\nINSERT INTO nowhere VALUES (1);\n');
    const { code, out } = await initContainer(here);
    assert.notEqual(code, 0);
    const message = await here.read('termination');
    assert.match(message, /nowhere/);
    assert.match(message, /^ {2}next: /m);
    assert.ok(out.includes(message.trim()));
  });

  it('--once tries again as often as the manifest allows, and says when', async () => {
    const here = await withMigrations(await project('sqlite'));
    const timeouts = { connect: '1s', lock: '1s' };
    await here.write('migration.yaml', manifest({ retry: { limit: 1, backoff: '1s' }, timeouts }));
    await here.write('data/app.db', '');
    const holder = new sqlite3.Database(join(here.folder, 'data/app.db'));
    const done = new Promise<Error | null>((resolved) => holder.exec('BEGIN IMMEDIATE', resolved));
    assert.equal(await done, null);
    const { code, out } = await initContainer(here, '--status-file', 'status.json').finally(() => holder.close());
    assert.notEqual(code, 0);
    const [first, second, ...more] = out.match(/^[A-Z]\w+: .*$/gm) ?? [];
    assert.match(first ?? '', /\(attempt 2 at \d{4}-.*Z\)$/);
    assert.match(second ?? '', new RegExp(`^${first?.split(':')[0]}: (?!.*attempt 3)`));
    assert.deepEqual(more, [], out);
    const { status }: DatabaseMigration = JSON.parse(await here.read('status.json'));
    assert.equal(status?.conditions?.find(({ type }) => type === 'Stalled')?.reason, 'RetryLimitReached');
    assert.equal(status?.history?.length, 2);
  });

  it('starts no run where the status cannot be written', async () => {
    const here = await ground();
    const { code, out } = await initContainer(here, '--status-file', 'nowhere/status.json');
    assert.equal(code, 2);
    assert.match(out, /--status-file nowhere\/status\.json cannot be written/);
    assert.deepEqual(await rows(here, "SELECT name FROM sqlite_schema WHERE name = 'notes'"), []);
  });

  const REFUSED: [string, Spec, number, RegExp][] = [
    ['a resource whose Job the controller runs', { execution: 'Job' }, 2, /spec\.execution is Job/],
    ['dependencies that it cannot see', { dependsOn: [{ name: 'other' }] }, 2, /does not use the API server/],
    ['a suspended resource', { suspend: true }, 4, /until spec\.suspend is false/],
    ['a closed window', { window: { cron: '0 0 30 2 *', duration: '1h' } }, 3, /never opens/],
  ];
  for (const [what, spec, exit, words] of REFUSED) {
    it(`refuses ${what}, and touches nothing`, async () => {
      const here = await ground(spec);
      const { code, out } = await initContainer(here);
      assert.equal(code, exit);
      assert.match(out, words);
      assert.deepEqual(await rows(here, "SELECT name FROM sqlite_schema WHERE name = 'notes'"), []);
    });
  }

  describe('with annotations of its manifest', () => {
    const annotated = (here: Project, annotations: Record<string, string>) => {
      const { metadata, ...rest } = JSON.parse(manifest({ backup: BACKUP }));
      return here.write('migration.yaml', JSON.stringify({ ...rest, metadata: { ...metadata, annotations } }));
    };
    const BACKUP = { volume: { claimName: 'app-backups' }, retain: { last: 1, days: 0 } };

    it('accepts an edited file by the line that its log has, and only for that edit', async () => {
      const here = await ground();
      assert.equal((await initContainer(here)).code, 0);
      const [file = ''] = await readdir(join(here.folder, 'migrations'));
      await here.write(`migrations/${file}`, `${await here.read(`migrations/${file}`)}\n-- edited\n`);
      const refused = await initContainer(here);
      assert.match(refused.out, /^ChecksumMismatch: /m);
      const [, value = ''] = /db-manager\.dev\/repair: (accept-checksums:[0-9a-f]{16})/.exec(refused.out) ?? [];
      assert.doesNotMatch(refused.out, /db-manager repair/);

      await annotated(here, { 'db-manager.dev/repair': 'accept-checksums:0123456789abcdef' });
      assert.match((await initContainer(here)).out, /^ChecksumMismatch: /m);
      await annotated(here, { 'db-manager.dev/repair': value });
      const { code, out } = await initContainer(here);
      assert.equal(code, 0, out);
      assert.match(out, /history repaired \(accept-checksums\): 1 migration/);
    });

    it('starts no run with an annotation that is not a valid repair', async () => {
      const here = await ground();
      await annotated(here, { 'db-manager.dev/repair': 'everything' });
      const { code, out } = await initContainer(here);
      assert.equal(code, 2, out);
      assert.match(
        out,
        /repair is "everything", not an action and a digest\. No run starts\. Correct it in the manifest/,
      );
      assert.deepEqual(await rows(here, "SELECT name FROM sqlite_schema WHERE name = 'notes'"), []);
    });

    it('deletes old backups although nothing is pending', async () => {
      const here = await ground();
      const backups = async () => (await readdir(join(here.folder, 'backups/shop/notes'))).filter(isBackup).length;
      const isBackup = (name: string) => name.endsWith('.json');
      assert.equal((await initContainer(here)).code, 0);
      await here.write('migrations/20240103000000_wider.sql', WIDER);
      assert.equal((await initContainer(here)).code, 0);
      assert.equal(await backups(), 2);
      await annotated(here, { 'db-manager.dev/prune': '1' });
      const { out } = await initContainer(here);
      assert.match(out, /^UpToDate: /m);
      assert.equal(await backups(), 1);
    });
  });

  it('next to a running application it refuses to restore, which would discard its writes', async () => {
    const here = await ground({ onFailure: 'Restore' });
    const running = await beside(here);
    await eventually('it to refuse', async () => running.said().includes('onFailure: Restore would discard'));
    assert.equal((await running.probe('/readyz')).status, 503);
    assert.equal((await running.probe('/healthz')).status, 200);
    assert.equal(await running.stop(), 0);
  });

  it('migrates again when the migrations change, reports it on its probes, and recovers from a broken one', async () => {
    const here = await ground();
    const running = await beside(here);
    const isReady = async () => (await running.probe('/readyz')).status === 200;
    await eventually('the first run', isReady, { explain: async () => running.said() });
    assert.match((await running.probe('/metrics')).text, /^db_manager_sidecar_ready 1$/m);

    await here.write('migrations/20240103000000_wrong.sql', '-- migrate:up\nINSERT INTO nowhere VALUES (1);\n');
    await eventually('it to fail', async () => !(await isReady()), { explain: async () => running.said() });
    assert.match((await running.probe('/readyz')).text, /nowhere/);
    await here.write('migrations/20240103000000_wrong.sql', WIDER);
    await eventually('it to recover', isReady, { explain: async () => running.said() });
    assert.equal((await rows(here, "SELECT name FROM pragma_table_info('notes') WHERE name = 'written_at'")).length, 1);
    assert.equal(await running.stop(), 0);
  });

  for (const journal of ['delete', 'wal']) {
    it(`loses none of the writes of a live application (journal_mode ${journal})`, async () => {
      const here = await ground();
      assert.equal((await initContainer(here)).code, 0);
      await rows(here, `PRAGMA journal_mode = ${journal}`);
      const writer = spawn(process.execPath, [resolve('test/cli/live-writer.ts'), 'data/app.db'], {
        cwd: here.folder,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      started.push(writer);
      const written = collect(writer);
      const acknowledged = () => [...written().matchAll(/^ack (\d+)$/gm)].map(([, n]) => Number(n));
      await eventually('the application to write', async () => acknowledged().length > 200);

      const running = await beside(here);
      await eventually('the sidecar to be up', async () => (await running.probe('/readyz')).status === 200);
      const before = acknowledged().length;
      await here.write('migrations/20240103000000_wider.sql', WIDER);
      await here.write('migrations/20240104000000_rebuilt.js', REBUILT);
      const migrated = () => /Migrated: \d migrations? applied; the database is at 20240104000000_rebuilt/;
      await eventually('it to migrate', async () => migrated().test(running.said()), {
        timeoutMs: 90_000,
        explain: async () => running.said(),
      });
      const during = acknowledged().length;
      await eventually('the application to go on', async () => acknowledged().length > during + 100);
      assert.equal(await running.stop(), 0);
      const ended = once(writer, 'exit');
      writer.kill('SIGTERM');
      await ended;

      const acks = acknowledged();
      assert.ok(during > before, 'it wrote while the run went on');
      assert.deepEqual(written().match(/^error.*$/gm), null);
      const there = await rows<{ id: number }>(here, 'SELECT id FROM notes ORDER BY id');
      assert.deepEqual(
        there.map(({ id }) => id),
        acks,
      );
      assert.match((await readFile(join(here.folder, 'status.json'), 'utf8')) ?? '', /20240104000000_rebuilt/);
    });
  }
});
