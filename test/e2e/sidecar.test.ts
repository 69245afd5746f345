import assert from 'node:assert/strict';
import { eventually } from '../support/processes.ts';
import { IMAGE, openRoom, RESTRICTED, type Room } from './fixtures.ts';
import { describeE2e } from './suite.ts';

const FIRST =
  '-- migrate:up\nCREATE TABLE notes (id integer PRIMARY KEY, body text NOT NULL);\n-- migrate:down\nDROP TABLE notes;\n';
const WIDER =
  "-- migrate:up\nALTER TABLE notes ADD COLUMN seen text;\nUPDATE notes SET seen = 'no';\n-- migrate:down\nALTER TABLE notes DROP COLUMN seen;\n";
/** Rebuilds the table while the application writes to it. */
const REBUILT = `export async function up({ context }) {
  await context.changeColumn('notes', 'body', { type: 'TEXT', allowNull: false, defaultValue: 'empty' });
}
export async function down({ context }) {
  await context.changeColumn('notes', 'body', { type: 'TEXT', allowNull: false, defaultValue: undefined });
}
`;

/** Writes rows as fast as SQLite commits them, and records each in a file. */
const APPLICATION = `
const sqlite3 = require('/app/node_modules/sqlite3');
const database = new sqlite3.Database('/data/database/app.db');
database.configure('busyTimeout', 30000);
const next = (n) => database.run('INSERT INTO notes (id, body) VALUES (?, ?)', [n, 'note ' + n], (error) => {
  if (error) fs.appendFileSync('/data/database/errors', error.message + '\\n');
  else {
    // Whoever reads it finds a number, and not a file that is just being written.
    fs.writeFileSync('/data/database/acknowledging', String(n));
    fs.renameSync('/data/database/acknowledging', '/data/database/acknowledged');
  }
  setImmediate(next, n + 1);
});
database.get('SELECT coalesce(max(id), 0) AS id FROM notes', (_, { id }) => next(id + 1));
process.on('SIGTERM', () => process.exit(0));
`;

const COUNT = `
const sqlite3 = require('/app/node_modules/sqlite3');
new sqlite3.Database('/volume/app.db').get('SELECT count(*) AS rows, max(id) AS last FROM notes', (error, found) => {
  const acknowledged = Number(fs.readFileSync('/volume/acknowledged', 'utf8'));
  console.log(JSON.stringify({ ...found, acknowledged, errors: fs.existsSync('/volume/errors') }));
});
`;

const MANIFEST = {
  apiVersion: 'db-manager.dev/v1alpha1',
  kind: 'DatabaseMigration',
  metadata: { name: 'notes' },
  spec: {
    execution: 'Sidecar',
    database: { sqlite: { volume: { claimName: 'data' }, path: 'app.db' } },
    migrations: { configMaps: [{ name: 'notes-migrations' }] },
    backup: { volume: { claimName: 'backups' } },
  },
};

describeE2e('on a real cluster, the sidecar', () => {
  let room: Room;

  before(async () => {
    room = await openRoom('e2e-sidecar');
    await room.claim('data');
    await room.claim('backups');
    await room.apply(
      configMap('notes-migrations', { '1_notes.sql': FIRST }),
      configMap('notes', { 'migration.json': JSON.stringify(MANIFEST) }),
      deployment(),
    );
  });
  after(() => room?.remove());

  const logs = async () =>
    (await room.kubectl('logs', 'deployment/notes', '--all-containers', '--prefix', '--tail=80')).stdout;
  const acknowledged = async () => {
    const read =
      "console.log(fs.existsSync('/data/database/acknowledged') && fs.readFileSync('/data/database/acknowledged', 'utf8'))";
    const { stdout } = await room.kubectl(
      'exec',
      'deployment/notes',
      '--container=application',
      '--',
      'node',
      '-e',
      read,
    );
    return Number(stdout.trim()) || 0;
  };

  it('creates the database in its init container, and the application starts on it', async () => {
    const args = ['rollout', 'status', 'deployment/notes', '--timeout=180s'];
    const { code, stderr } = await room.kubectl(...args);
    assert.equal(code, 0, `${stderr}\n${await logs()}\n${(await room.kubectl('describe', 'pods')).stdout}`);
    await eventually('the application to write', async () => (await acknowledged()) > 50, { timeoutMs: 60_000 });
  });

  it('migrates the live database when the ConfigMap changes, and none of the writes is lost', async () => {
    const before = await acknowledged();
    const files = { '1_notes.sql': FIRST, '2_wider.sql': WIDER, '3_rebuilt.js': REBUILT };
    await room.apply(configMap('notes-migrations', files));
    // The kubelet brings a changed ConfigMap to a running pod within its sync period, a minute or so.
    await eventually('the sidecar to migrate', async () => /is at 3_rebuilt/.test(await logs()), {
      timeoutMs: 240_000,
      everyMs: 2_000,
      explain: logs,
    });
    const during = await acknowledged();
    assert.ok(during > before);
    await eventually('the application to go on', async () => (await acknowledged()) > during + 50, {
      timeoutMs: 60_000,
    });
    await room.run('delete', 'deployment', 'notes', '--cascade=foreground', '--timeout=120s');

    const found = JSON.parse(await room.look('data', COUNT));
    assert.equal(found.errors, false);
    assert.equal(found.rows, found.last, 'no row is missing in between');
    // The last one may have been committed and not reported.
    assert.ok(found.rows === found.acknowledged || found.rows === found.acknowledged + 1, JSON.stringify(found));
    const backups = await room.look('backups', "console.log(fs.readdirSync('/volume', { recursive: true }).join())");
    assert.equal([...backups.matchAll(/backup_\d+_\d+\.db(?=,|$)/g)].length, 2);
  });
});

function configMap(name: string, data: Record<string, string>): object {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data };
}

function deployment(): object {
  const labels = { app: 'notes' };
  const data = { name: 'data', mountPath: '/data/database' };
  const mounts = [
    data,
    { name: 'backups', mountPath: '/data/backups' },
    { name: 'migrations', mountPath: '/migrations' },
    { name: 'manifest', mountPath: '/etc/db-manager' },
    { name: 'tmp', mountPath: '/tmp' },
  ];
  const container = (name: string, rest: object) => ({
    name,
    image: IMAGE,
    imagePullPolicy: 'IfNotPresent',
    securityContext: RESTRICTED.container,
    ...rest,
  });
  const sidecar = ['sidecar', '--filename=/etc/db-manager/migration.json'];
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'notes' },
    spec: {
      replicas: 1,
      strategy: { type: 'Recreate' },
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          automountServiceAccountToken: false,
          terminationGracePeriodSeconds: 20,
          securityContext: RESTRICTED.pod,
          initContainers: [container('migrate', { args: [...sidecar, '--once'], volumeMounts: mounts })],
          containers: [
            container('application', { command: ['node', '-e', APPLICATION], volumeMounts: [data] }),
            container('db-manager', {
              args: sidecar,
              volumeMounts: mounts,
              readinessProbe: { httpGet: { path: '/readyz', port: 8080 }, periodSeconds: 2 },
              livenessProbe: { httpGet: { path: '/healthz', port: 8080 } },
            }),
          ],
          volumes: [
            { name: 'data', persistentVolumeClaim: { claimName: 'data' } },
            { name: 'backups', persistentVolumeClaim: { claimName: 'backups' } },
            { name: 'migrations', configMap: { name: 'notes-migrations' } },
            { name: 'manifest', configMap: { name: 'notes' } },
            { name: 'tmp', emptyDir: {} },
          ],
        },
      },
    },
  };
}
