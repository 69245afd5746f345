import assert from 'node:assert/strict';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startPostgres, TEST_PASSWORD } from '../support/postgres.ts';
import { eventually } from '../support/processes.ts';
import { fetchServer, parseMajor } from '../support/programs/postgres-server.ts';
import { IMAGE, openRoom, RESTRICTED, type Room } from './fixtures.ts';
import { operatorValues, resource } from './objects.ts';
import { describeE2e } from './suite.ts';

/** About 60 MB with its index. */
const ROWS = `CREATE TABLE orders (id bigint PRIMARY KEY, customer text NOT NULL, note text);
  INSERT INTO orders SELECT i, md5(i::text), repeat(md5((i * 7)::text), 3) FROM generate_series(1, 300000) i;
  CREATE INDEX orders_by_customer ON orders (customer)`;
const FILES = {
  '1_total.sql':
    '-- migrate:up\nALTER TABLE orders ADD COLUMN total numeric NOT NULL DEFAULT 0;\n-- migrate:down\nALTER TABLE orders DROP COLUMN total;',
  '2_names.sql':
    '-- migrate:up\n-- db-manager:ignore create-index-without-concurrently nothing writes here\nCREATE INDEX orders_by_note ON orders (note, id);\n-- migrate:down\nDROP INDEX orders_by_note;',
};

describeE2e('on a real cluster, a rehearsal', () => {
  let room: Room;
  let server: Awaited<ReturnType<typeof startServer>>;
  let other: Awaited<ReturnType<typeof startServer>>;

  before(async () => {
    room = await openRoom('rehearsal');
    await room.claim('backups');
    const major = await majorOfImage(room);
    server = await startServer(major);
    other = await startServer(major);
    await room.mustHelm(
      'install',
      'db-manager',
      'charts/db-manager',
      ...operatorValues(room.namespace),
      '--skip-crds',
      '--take-ownership',
      '--wait',
      '--timeout=4m',
    );
  });
  after(async () => {
    await room?.helm('uninstall', 'db-manager', '--wait', '--timeout=1m');
    await room?.remove();
    await server?.stop();
    await other?.stop();
  });

  it('is of everything, on a private server in the pod, for a role that owns its database and nothing else', async () => {
    const database = await server.createDatabase('NOCREATEDB');
    await room.apply(
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'owned' }, stringData: { url: database.url } },
      ...resource(
        'owned',
        FILES,
        { urlFrom: { secretKeyRef: { name: 'owned', key: 'url' } } },
        { runner: { resources: { limits: { memory: LIMIT } } } },
      ),
    );
    await room.waitFor('owned', 'Ready');
    const { status } = JSON.parse(await room.run('get', 'dbm', 'owned', '--output=json'));
    const rehearsed = status.conditions.find(({ type }: { type: string }) => type === 'Rehearsed');
    assert.equal(rehearsed.status, 'True', JSON.stringify(rehearsed));
    assert.match(rehearsed.message, /2 migrations succeeded on a copy restored from .*, on a private server/);
    assert.deepEqual(await server.query("SELECT rolcreatedb, rolsuper FROM pg_roles WHERE rolname = 'e2e_1'"), [
      { rolcreatedb: false, rolsuper: false },
    ]);
    assert.deepEqual(await server.query("SELECT datname FROM pg_database WHERE datname LIKE '%rehearsal%'"), []);
  });

  it('is on the server of rehearsalServerUrlFrom, and leaves nothing there or on the target’s', async () => {
    const [database, copies] = [await server.createDatabase('NOCREATEDB'), await other.createDatabase('CREATEDB')];
    const before = await other.query(SHARED);
    await room.apply(
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'elsewhere' }, stringData: { url: database.url } },
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'copies' }, stringData: { url: copies.url } },
      ...resource(
        'elsewhere',
        FILES,
        { urlFrom: { secretKeyRef: { name: 'elsewhere', key: 'url' } } },
        { safety: { rehearsalServerUrlFrom: { secretKeyRef: { name: 'copies', key: 'url' } } } },
      ),
    );
    await room.waitFor('elsewhere', 'Ready');
    const text = await room.run('get', 'dbm', 'elsewhere', '--output=json');
    assert.match(
      text,
      /2 migrations succeeded on a copy restored from [^"]*, on the server of safety\.rehearsalServer/,
    );
    assert.ok(!text.includes(TEST_PASSWORD));
    assert.deepEqual(await other.query(SHARED), before);
    assert.deepEqual(await server.query("SELECT datname FROM pg_database WHERE datname LIKE '%rehearsal%'"), []);
  });

  it('takes little more memory and time in the pod than on the target’s server', async () => {
    const used: Record<string, Used> = {};
    for (const [form, rights] of [
      ['private', 'NOCREATEDB'],
      ['same-server', 'CREATEDB'],
    ] as const) {
      const { url } = await server.createDatabase(rights);
      used[form] = await measure(room, form, url);
    }
    const { private: own, 'same-server': same } = used;
    assert.ok(own && same);
    for (const [form, each] of Object.entries(used)) console.log(`      ${form}: ${inWords(each)}`);
    assert.match(own.message, /on a private server/);
    assert.doesNotMatch(same.message, /on a private server/);
    // docs/concepts/rehearsal.md advises a limit of 512Mi.
    assert.ok(own.unreclaimable < 400 * MB, JSON.stringify(used));
    assert.ok(own.peak <= 512 * 1024 * 1024, JSON.stringify(used));
  });

  it('leaves the operator well under the limit of the chart', async () => {
    const said = await room.run(
      'exec',
      'deployment/db-manager',
      '--',
      'node',
      '-e',
      `${CGROUP}
      console.log(JSON.stringify({ peak: peak(), now: unreclaimable() }));`,
    );
    const operator = JSON.parse(said) as { peak: number; now: number };
    console.log(`      operator: peak ${inMb(operator.peak)}, now ${inMb(operator.now)} that cannot be reclaimed`);
    const limit = await room.run(
      'get',
      'deployment/db-manager',
      '--output=jsonpath={.spec.template.spec.containers[0].resources.limits.memory}',
    );
    assert.equal(limit, '512Mi');
    assert.ok(operator.now < 256 * MB, said);
  });
});

const SHARED = 'SELECT datname::text AS name FROM pg_database UNION ALL SELECT rolname::text FROM pg_roles ORDER BY 1';

/** What docs/concepts/rehearsal.md advises for `spec.runner.resources`. */
const LIMIT = '512Mi';
const MB = 1_000_000;

interface Used {
  /** The pod's highest use as its cgroup counted it, in bytes, with the pages of files that can be reclaimed. */
  peak: number;
  /** Bytes that cannot be reclaimed, at the highest of the samples. */
  unreclaimable: number;
  /** Seconds of the whole command. */
  run: number;
  /** Seconds of the rehearse step. */
  rehearse: number;
  message: string;
}

const inMb = (bytes: number) => `${Math.round(bytes / MB)} MB`;
const inWords = ({ unreclaimable, peak, rehearse, run }: Used) =>
  `${inMb(unreclaimable)} that cannot be reclaimed, peak ${inMb(peak)} with file pages, ` +
  `rehearsal ${rehearse.toFixed(1)} s, run ${run.toFixed(1)} s`;

/** A run in a pod of its own, without the operator, whose memory is sampled from inside. */
async function measure(room: Room, form: string, url: string): Promise<Used> {
  const name = `measure-${form}`;
  const migrations = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: FILES };
  await room.apply(migrations, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      securityContext: RESTRICTED.pod,
      containers: [
        {
          name: 'measure',
          image: IMAGE,
          imagePullPolicy: 'IfNotPresent',
          command: ['node', '-e', SAMPLER, form],
          env: [{ name: 'DATABASE_URL', value: url }],
          securityContext: RESTRICTED.container,
          resources: { limits: { memory: '512Mi' } },
          volumeMounts: [
            { name: 'tmp', mountPath: '/tmp' },
            { name: 'migrations', mountPath: '/migrations' },
          ],
        },
      ],
      volumes: [
        { name: 'tmp', emptyDir: {} },
        { name: 'migrations', configMap: { name } },
      ],
    },
  });
  const phase = await eventually(
    `the pod ${name} to end`,
    async () => {
      const now = await room.run('get', 'pod', name, '--output=jsonpath={.status.phase}');
      return ['Succeeded', 'Failed'].includes(now) && now;
    },
    { timeoutMs: 5 * 60_000, everyMs: 1_000, explain: () => room.run('describe', 'pod', name) },
  );
  const said = await room.run('logs', name);
  assert.equal(phase, 'Succeeded', said);
  return JSON.parse(said.trim().split('\n').at(-1) ?? '') as Used;
}

/** What the cgroup of the container counts, in either version. */
const CGROUP = `
const fs = require('node:fs');
const read = (...paths) => fs.readFileSync(paths.find((path) => fs.existsSync(path)), 'utf8');
const [one, two] = ['/sys/fs/cgroup/memory/', '/sys/fs/cgroup/'];
const peak = () => Number(read(two + 'memory.peak', one + 'memory.max_usage_in_bytes'));
const unreclaimable = () => {
  const stat = new Map(read(two + 'memory.stat', one + 'memory.stat').trim().split('\\n').map((line) => line.split(' ')));
  const of = (...names) => Number(names.map((name) => stat.get(name)).find((value) => value !== undefined) ?? NaN);
  return of('anon', 'total_rss') + of('total_shmem', 'shmem');
};`;

/** Runs the command, and prints a `Used` as its last line. */
const SAMPLER = `
${CGROUP}
const { spawn } = require('node:child_process');
let highest = 0;
const sample = () => { highest = Math.max(highest, unreclaimable()); };
const started = Date.now();
const timer = setInterval(sample, 50);
const args = ['safe-migrate', '--migrations', '/migrations', '--backups', '/tmp/backups', '--rehearsal-server', process.argv[1], '--json'];
const child = spawn(process.execPath, ['/app/dist/cli/main.js', ...args], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, HOME: '/tmp' } });
let out = ''; child.stdout.on('data', (d) => { out += d; });
child.on('close', (code) => {
  clearInterval(timer);
  if (code !== 0) { console.log(out); process.exit(1); }
  const report = JSON.parse(out);
  const step = report.steps.find(({ step }) => step === 'rehearse');
  const run = (Date.now() - started) / 1000;
  console.log(JSON.stringify({ peak: peak(), unreclaimable: highest, run, rehearse: step.seconds, message: step.message }));
});`;

async function majorOfImage(room: Room): Promise<number> {
  const said = await room.look('backups', "console.log(fs.readdirSync('/usr/lib/postgresql').join(' '))");
  return Math.max(...said.split(' ').map(Number));
}

/** A server of the image's version that pods reach, whose roles have only the given privileges. */
async function startServer(major: number) {
  const server = await startPostgres({
    bin: await fetchServer(parseMajor(String(major))),
    settings: { listen_addresses: '*' },
  });
  await appendFile(join(server.dataFolder, 'pg_hba.conf'), 'host all all 0.0.0.0/0 scram-sha-256\n');
  await server.query('SELECT pg_reload_conf()');
  let made = 0;
  return {
    query: (sql: string) => server.query(sql),
    async createDatabase(rights: 'CREATEDB' | 'NOCREATEDB') {
      const name = `e2e_${++made}`;
      await server.query(`CREATE ROLE ${name} LOGIN ${rights} PASSWORD '${TEST_PASSWORD}'`);
      await server.query(`CREATE DATABASE ${name} OWNER ${name}`);
      const url = new URL(server.url(name));
      url.username = name;
      url.hostname = process.env.E2E_ADDRESS ?? '';
      url.searchParams.set('sslmode', 'disable');
      await server.query(ROWS, [], name);
      await server.query(`ALTER TABLE orders OWNER TO ${name}`, [], name);
      return { url: url.href };
    },
    stop: () => server.stop(),
  };
}
