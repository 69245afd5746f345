/** An application with Alembic: its image has nothing of db-manager. */
import assert from 'node:assert/strict';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { temporaryFolder } from '../support/lifetime.ts';
import { eventually } from '../support/processes.ts';
import { IMAGE, openPostgres, openRoom, type Postgres, type Room } from './fixtures.ts';
import { buildImage } from './images.ts';
import { operatorValues } from './objects.ts';
import { describeE2e } from './suite.ts';

const WAIT = ['--wait', '--timeout=4m'];
const SAMPLE = resolve('deploy/samples/commands/alembic');
const [, REPOSITORY = '', TAG = 'latest'] = /^(.+?)(?::([^:/]+))?$/.exec(IMAGE) ?? [];

const DOCKERFILE = `FROM ${process.env.E2E_COMMAND_BASE ?? 'node:24-trixie-slim'}
RUN apt-get update && apt-get install -y --no-install-recommends alembic python3-psycopg && rm -rf /var/lib/apt/lists/*
COPY app /app
WORKDIR /app
USER 1000:1000
`;

const revision = (number: string, before: string, up: string, down = 'SELECT 1') => `from alembic import op

revision = "${number}"
down_revision = "${before}"


def upgrade():
    op.execute("${up}")


def downgrade():
    op.execute("${down}")
`;

const GOOD = revision(
  '0004',
  '0003',
  'ALTER TABLE orders ADD COLUMN paid boolean',
  'ALTER TABLE orders DROP COLUMN paid',
);
/** Fails on the rows of revision 0002, one of which has no note. */
const FAILING = revision('0005', '0004', 'ALTER TABLE orders ALTER COLUMN note SET NOT NULL');
/** Stays in the statement on the target, where another session holds the table. */
const SLOW = revision('0005', '0004', 'ALTER TABLE orders ADD COLUMN slow integer; SELECT pg_sleep(15)');

describeE2e('on a real cluster, the command of another tool', () => {
  let room: Room;
  let postgres: Postgres;
  const images: Record<string, string> = {};

  before(async () => {
    const [ini, env] = await Promise.all(
      ['alembic.ini', 'migrations/env.py'].map((name) => readFile(join(SAMPLE, name), 'utf8')),
    );
    const versions: Record<string, string> = {};
    for (const name of ['0001_orders.py', '0002_first_rows.py', '0003_total.py'])
      versions[`app/migrations/versions/${name}`] = await readFile(join(SAMPLE, 'migrations/versions', name), 'utf8');
    const base = {
      Dockerfile: DOCKERFILE,
      'app/alembic.ini': ini ?? '',
      'app/migrations/env.py': env ?? '',
      ...versions,
    };
    const good = { ...base, 'app/migrations/versions/0004_paid.py': GOOD };
    images.one = await buildImage('e2e-alembic:one', base);
    images.two = await buildImage('e2e-alembic:two', good);
    images.failing = await buildImage('e2e-alembic:failing', {
      ...good,
      'app/migrations/versions/0005_note.py': FAILING,
    });
    images.slow = await buildImage('e2e-alembic:slow', { ...good, 'app/migrations/versions/0005_slow.py': SLOW });
    postgres = await openPostgres();
    room = await openRoom('e2e-command');
    await room.mustHelm(
      'install',
      'db-manager',
      resolve('charts/db-manager'),
      ...operatorValues(room.namespace),
      '--take-ownership',
      ...WAIT,
    );
  });
  after(async () => {
    await room?.helm('uninstall', 'db-manager', '--wait', '--timeout=1m');
    await room?.remove();
    await postgres?.stop();
  });

  async function prepare(name: string) {
    const database = await postgres.createDatabase();
    await room.claim(`${name}-backups`);
    await room.apply({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: `${name}-database` },
      stringData: { url: database.url },
    });
    const version = async () =>
      (await database.query<{ version_num: string }>('SELECT version_num FROM alembic_version'))[0]?.version_num;
    return { ...database, version };
  }

  const specOf = (name: string, image: string | undefined) => ({
    database: { urlFrom: { secretKeyRef: { name: `${name}-database`, key: 'url' } } },
    migrations: { command: { image, pullPolicy: 'IfNotPresent', command: ['alembic', 'upgrade', 'head'] } },
    backup: { volume: { claimName: `${name}-backups` } },
    safety: { rehearsalServer: 'SameServer' },
  });

  for (const mode of ['operator', 'standalone']) {
    it(`gates an Alembic application's release: install, good upgrade, failing upgrade (mode ${mode})`, async () => {
      const name = `alembic-${mode}`;
      const database = await prepare(name);
      const release = async (image: string | undefined, version: string) => {
        const chart = await applicationChart();
        const values = {
          image,
          version,
          'db-migration': { mode, image: { repository: REPOSITORY, tag: TAG }, spec: specOf(name, image) },
        };
        await writeFile(join(chart, 'e2e.json'), JSON.stringify(values));
        return [chart, `--values=${join(chart, 'e2e.json')}`];
      };
      const running = async () =>
        (
          await room.run('exec', `deployment/${name}`, '--', 'python3', '-c', "import os; print(os.environ['VERSION'])")
        ).trim();

      await room.mustHelm('install', name, ...(await release(images.one, 'one')), ...WAIT);
      assert.equal(await running(), 'one');
      assert.equal(await database.version(), '0003');
      await room.mustHelm('upgrade', name, ...(await release(images.two, 'two')), ...WAIT);
      assert.equal(await running(), 'two');
      assert.equal(await database.version(), '0004');

      const { code, stderr } = await room.helm('upgrade', name, ...(await release(images.failing, 'three')), ...WAIT);
      assert.notEqual(code, 0, stderr);
      assert.equal(await running(), 'two', 'the old pods go on');
      assert.equal(await database.version(), '0004', 'the target is as it was');
      const log = await room.run('logs', `job/${name}-db-migration`, '--container=migrate');
      assert.match(log, /RehearsalFailed/);
      assert.match(log, /column "note" of relation "orders" contains null values/);
      if (mode === 'operator') {
        const { status } = JSON.parse(await room.run('get', 'dbm', `${name}-db-migration`, '--output=json'));
        assert.equal(status.failure.reason, 'RehearsalFailed');
        assert.equal(status.currentRevision, '0004');
      }
      await room.mustHelm('uninstall', name, '--timeout=1m');
    });
  }

  it('is evicted in the apply step: nothing is half done, and the next attempt completes', async () => {
    const database = await prepare('evicted');
    const resource = (image: string | undefined) => ({
      apiVersion: 'db-manager.dev/v1alpha1',
      kind: 'DatabaseMigration',
      metadata: { name: 'evicted' },
      spec: specOf('evicted', image),
    });
    const status = async () => JSON.parse(await room.run('get', 'dbm', 'evicted', '--output=json')).status;
    await room.apply(resource(images.two));
    await room.waitFor('evicted', 'Ready');
    assert.equal(await database.version(), '0004');
    await room.apply(resource(images.slow));
    const pod = await eventually(
      'the command to run on the target',
      async () => {
        const [active] = await database.query<{ holder: string }>(
          "SELECT application_name AS holder FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()",
        );
        const { run } = (await status()) ?? {};
        return active !== undefined && run?.step === 'apply' && (run.pod ?? run.job);
      },
      {
        timeoutMs: 240_000,
        everyMs: 300,
        explain: async () => (await room.kubectl('describe', 'dbm', 'evicted')).stdout,
      },
    );
    assert.ok(pod);
    const { items } = JSON.parse(
      await room.run(
        'get',
        'pods',
        '--selector=db-manager.dev/name=evicted',
        '--field-selector=status.phase=Pending',
        '--output=json',
      ),
    );
    const [{ metadata }] = items;
    const eviction = {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { name: metadata.name, namespace: room.namespace },
    };
    const file = join(await temporaryFolder('eviction'), 'eviction.json');
    await writeFile(file, JSON.stringify(eviction));
    await room.run(
      'create',
      `--raw=/api/v1/namespaces/${room.namespace}/pods/${metadata.name}/eviction`,
      `--filename=${file}`,
    );
    await eventually('the pod to be gone', async () => (await room.kubectl('get', 'pod', metadata.name)).code !== 0, {
      timeoutMs: 120_000,
      everyMs: 500,
    });
    await room.waitFor('evicted', 'Ready', 300);
    assert.equal(await database.version(), '0005');
    const { run } = await status();
    assert.ok(run.attempt >= 2, JSON.stringify(run));
    const runs = await database.query<{ state: string; reason: string }>(
      'SELECT state, reason FROM db_manager_runs ORDER BY sequence',
    );
    assert.deepEqual(
      runs.map(({ state, reason }) => `${state} ${reason}`),
      ['ended Migrated', 'ended Interrupted', 'ended Migrated'],
    );
  });
});

/** The application with our chart as its dependency. It has no migration files and no init container. */
async function applicationChart(): Promise<string> {
  const chart = join(await temporaryFolder('alembic-chart'), 'app');
  await cp(resolve('charts/db-migration'), join(chart, 'charts/db-migration'), { recursive: true });
  await mkdir(join(chart, 'templates'), { recursive: true });
  await writeFile(
    join(chart, 'Chart.yaml'),
    'apiVersion: v2\nname: alembic\nversion: 1.0.0\ndependencies:\n  - name: db-migration\n    version: 0.1.0\n    repository: file://../db-migration\n',
  );
  await writeFile(
    join(chart, 'templates/deployment.yaml'),
    `apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  selector:
    matchLabels: {app: {{ .Release.Name }}}
  template:
    metadata:
      labels: {app: {{ .Release.Name }}}
    spec:
      securityContext: {runAsNonRoot: true, runAsUser: 1000, seccompProfile: {type: RuntimeDefault}}
      terminationGracePeriodSeconds: 1
      containers:
        - name: app
          image: {{ .Values.image }}
          imagePullPolicy: IfNotPresent
          command: [python3, -c, "import time; time.sleep(86400)"]
          env: [{name: VERSION, value: {{ .Values.version | quote }}}]
          securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
`,
  );
  return chart;
}
