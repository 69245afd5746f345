import assert from 'node:assert/strict';
import { installCrd } from './operator-fixtures.ts';
import { describeCluster } from './suite.ts';
import { openRoom, type Room } from './workdir.ts';

const GOOD = {
  database: { sqlite: { volume: { claimName: 'bot' }, path: 'trading.db' } },
  migrations: { configMaps: [{ name: 'migrations' }] },
  backup: { volume: { claimName: 'backups' } },
};

const COMMAND = { ...GOOD, migrations: { command: { image: 'shop:1', command: ['alembic', 'upgrade', 'head'] } } };
const withCommand = (fields: object) => ({ migrations: { command: { ...COMMAND.migrations.command, ...fields } } });

/** What is wrong with a manifest, and the sentence that the API server answers with. */
const REFUSED: { title: string; spec: object; sentence: RegExp }[] = [
  {
    title: 'an unknown field',
    spec: { ...GOOD, bakcup: {} },
    sentence: /unknown field "spec\.bakcup"/,
  },
  {
    title: 'an unknown field far inside',
    spec: { ...GOOD, safety: { rehersal: 'Disabled' } },
    sentence: /unknown field "spec\.safety\.rehersal"/,
  },
  {
    title: 'a command next to another source of migrations',
    spec: { ...COMMAND, migrations: { ...COMMAND.migrations, ...GOOD.migrations } },
    sentence: /set exactly one of image, configMaps, volume, runnerImage, command/,
  },
  {
    title: 'a command with a target',
    spec: { ...COMMAND, target: '+1' },
    sentence: /migrations\.command excludes target, allowDowngrade, models and execution: Sidecar/,
  },
  {
    title: 'a command with models',
    spec: { ...COMMAND, models: { path: '/app/models' } },
    sentence: /migrations\.command excludes target, allowDowngrade, models and execution: Sidecar/,
  },
  {
    title: 'a command in a sidecar',
    spec: { ...COMMAND, execution: 'Sidecar' },
    sentence: /migrations\.command excludes target, allowDowngrade, models and execution: Sidecar/,
  },
  {
    title: 'a command with a downgrade after failure, but no command that reverts',
    spec: { ...COMMAND, onFailure: 'Downgrade' },
    sentence: /onFailure: Downgrade needs migrations\.command\.down/,
  },
  {
    title: 'a command with checks of drift',
    spec: { ...COMMAND, drift: { schedule: '17 3 * * *' } },
    sentence: /drift compares with a replay of migration files, which migrations\.command does not have/,
  },
  {
    title: 'a command without words',
    spec: { ...COMMAND, ...withCommand({ command: [] }) },
    sentence: /spec\.migrations\.command\.command in body should have at least 1 items/,
  },
  {
    title: 'a command whose URL has a form that does not exist',
    spec: { ...COMMAND, ...withCommand({ urlFormat: 'odbc' }) },
    sentence: /urlFormat is given, uri, jdbc, or a template/,
  },
  {
    title: 'a command whose URL is in a variable that cannot be',
    spec: { ...COMMAND, ...withCommand({ urlEnv: '1-URL' }) },
    sentence: /spec\.migrations\.command\.urlEnv in body should match/,
  },
  { title: 'no database', spec: { ...GOOD, database: {} }, sentence: /set exactly one of urlFrom, postgres, sqlite/ },
  {
    title: 'two databases',
    spec: { ...GOOD, database: { ...GOOD.database, urlFrom: { secretKeyRef: { name: 's', key: 'k' } } } },
    sentence: /set exactly one of urlFrom, postgres, sqlite/,
  },
  {
    title: 'a token of the cloud without TLS',
    spec: {
      ...GOOD,
      database: { postgres: { host: 'db', database: 'shop', user: 'app', iam: { provider: 'RDS' } } },
    },
    sentence: /iam needs sslMode require, verify-ca or verify-full/,
  },
  {
    title: 'a token of the cloud and a password',
    spec: {
      ...GOOD,
      database: {
        postgres: {
          host: 'db',
          database: 'shop',
          user: 'app',
          sslMode: 'require',
          iam: { provider: 'RDS' },
          passwordFrom: { secretKeyRef: { name: 's', key: 'k' } },
        },
      },
    },
    sentence: /set passwordFrom or iam, not both/,
  },
  {
    title: 'two sources of migrations',
    spec: { ...GOOD, migrations: { ...GOOD.migrations, volume: { claimName: 'm' } } },
    sentence: /set exactly one of image, configMaps, volume, runnerImage/,
  },
  {
    title: 'globs for a command, which reads its own files',
    spec: { ...GOOD, migrations: { command: { image: 'app:1', command: ['migrate'] }, exclude: ['old/**'] } },
    sentence: /migrations\.command reads its own files: remove include and exclude/,
  },
  {
    title: 'backups without a volume',
    spec: { ...GOOD, backup: {} },
    sentence: /set backup\.volume, backup\.objectStore, or backup\.mode: Disabled/,
  },
  {
    title: 'backups by default, without a volume',
    spec: { database: GOOD.database, migrations: GOOD.migrations },
    sentence: /set backup\.volume, backup\.objectStore, or backup\.mode: Disabled/,
  },
  {
    title: 'a claim that is given and to be made',
    spec: { ...GOOD, backup: { volume: { claimName: 'b', size: '1Gi' } } },
    sentence: /set exactly one of claimName, size/,
  },
  {
    title: 'a storage class for a claim that exists',
    spec: { ...GOOD, backup: { volume: { claimName: 'b', storageClassName: 'fast' } } },
    sentence: /storageClassName requires size/,
  },
  {
    title: 'two checks of one name',
    spec: { ...GOOD, checks: [1, 2].map(() => ({ name: 'rows', sql: 'SELECT true' })) },
    sentence: /spec\.checks\[1\]: Duplicate value/,
  },
  {
    title: 'a check without a query',
    spec: { ...GOOD, checks: [{ name: 'rows', sql: ' ; ' }] },
    sentence: /sql must have a query/,
  },
  {
    title: 'a restore without backups',
    spec: { ...GOOD, backup: { mode: 'Disabled' }, onFailure: 'Restore' },
    sentence: /onFailure: Restore needs backup\.mode: Enabled/,
  },
  {
    title: 'a full rehearsal without backups',
    spec: { ...GOOD, backup: { mode: 'Disabled' }, safety: { rehearsal: 'Full' } },
    sentence: /safety\.rehearsal: Full needs backup\.mode: Enabled/,
  },
  {
    title: 'a downgrade that is not allowed',
    spec: { ...GOOD, target: '-2' },
    sentence: /a target older than the current revision needs allowDowngrade: true/,
  },
  {
    title: 'migrations in a runner image that is not given',
    spec: { ...GOOD, migrations: { runnerImage: { path: '/m' } } },
    sentence: /migrations\.runnerImage needs runner\.image/,
  },
  {
    title: 'a path that leaves its volume',
    spec: { ...GOOD, database: { sqlite: { volume: { claimName: 'bot' }, path: '../other.db' } } },
    sentence: /path is relative to the volume and has no \.\./,
  },
  ...['drop-colum', 'DROP-COLUMN', "drop-column', 'x"].map((id) => ({
    title: `a rule that does not exist: ${id}`,
    spec: { ...GOOD, safety: { ignore: ['drop-column', id] } },
    sentence: /safety\.ignore contains an id that no rule has; the ids are in https:/,
  })),
  { title: 'a duration without unit', spec: { ...GOOD, timeouts: { lock: '5' } }, sentence: /spec\.timeouts\.lock/ },
  {
    title: 'a word that is none of the words',
    spec: { ...GOOD, approval: 'Maybe' },
    sentence: /Unsupported value: "Maybe": supported values: "Automatic", "Manual", "OnFindings"/,
  },
  {
    title: 'an approval that is no digest',
    spec: { ...GOOD, approvedPlan: 'yes' },
    sentence: /spec\.approvedPlan/,
  },
  {
    title: 'a schedule with too few fields',
    spec: { ...GOOD, window: { cron: '0 4 * * ', duration: '1h' } },
    sentence: /spec\.window\.cron/,
  },
  {
    title: 'a schedule in words',
    spec: { ...GOOD, window: { cron: 'every night at 4; now', duration: '1h' } },
    sentence: /spec\.window\.cron/,
  },
  {
    title: 'a time zone that is a sentence',
    spec: { ...GOOD, window: { cron: '0 4 * * *', duration: '1h', timeZone: 'Central Europe' } },
    sentence: /spec\.window\.timeZone/,
  },
  {
    title: 'a size that is no quantity',
    spec: { ...GOOD, backup: { volume: { size: '10 GB' } } },
    sentence: /spec\.backup\.volume\.size/,
  },
  {
    title: 'a size of nothing',
    spec: { ...GOOD, backup: { volume: { size: '0Gi' } } },
    sentence: /spec\.backup\.volume\.size/,
  },
  {
    title: 'a name that no object can have',
    spec: { ...GOOD, dependsOn: [{ name: 'Other Migration' }] },
    sentence: /spec\.dependsOn\[0\]\.name/,
  },
  {
    title: 'a port out of range',
    spec: { ...GOOD, database: { postgres: { host: 'db', port: 70000, database: 'd', user: 'u' } } },
    sentence: /spec\.database\.postgres\.port/,
  },
];

describeCluster('the resource on a real API server', (cluster) => {
  let room: Room;
  before(async () => {
    await installCrd(cluster());
    room = await openRoom(cluster(), 'crd');
  });

  const apply = (name: string, spec: object) =>
    cluster().kubectl(['apply', `--namespace=${room.namespace}`, '--filename=-'], {
      input: JSON.stringify({
        apiVersion: 'db-manager.dev/v1alpha1',
        kind: 'DatabaseMigration',
        metadata: { name },
        spec,
      }),
    });

  for (const { title, spec, sentence } of REFUSED) {
    it(`is refused with a sentence: ${title}`, async () => {
      const { code, stderr } = await apply('refused', spec);
      assert.equal(code, 1, stderr);
      assert.match(stderr, sentence);
    });
  }

  it('is taken when it is right, and filled with its defaults', async () => {
    const { code, stderr } = await apply('taken', GOOD);
    assert.equal(code, 0, stderr);
    const { spec } = JSON.parse(await room.run('get', 'dbm', 'taken', '--output=json'));
    assert.equal(spec.target, 'head');
    assert.deepEqual(spec.timeouts, { connect: '1m', lock: '5s', run: '30m', statement: '0s' });
    assert.deepEqual(spec.backup.retain, { days: 30, last: 10 });
  });

  it('is taken with a command, which gets its defaults', async () => {
    const { code, stderr } = await apply('command', {
      ...COMMAND,
      ...withCommand({ down: ['alembic', 'downgrade', '-1'] }),
    });
    assert.equal(code, 0, stderr);
    const { spec } = JSON.parse(await room.run('get', 'dbm', 'command', '--output=json'));
    const { urlEnv, urlFormat, statements, args } = spec.migrations.command;
    assert.deepEqual([urlEnv, urlFormat, statements, args], ['DATABASE_URL', 'given', 'Enforce', []]);
    const template = await apply('template', { ...COMMAND, ...withCommand({ urlFormat: '{user}:{password}@{host}' }) });
    assert.equal(template.code, 0, template.stderr);
  });

  it('stays with its database', async () => {
    await apply('stays', GOOD);
    const { stderr } = await apply('stays', {
      ...GOOD,
      database: { sqlite: { volume: { claimName: 'bot' }, path: 'other.db' } },
    });
    assert.match(
      stderr,
      /the database of a DatabaseMigration is immutable: create a new resource for another SQLite file/,
    );
  });

  it('explains its fields', async () => {
    assert.match(await room.run('explain', 'dbm.spec.onFailure'), /Restore: restore the backup/);
    assert.match(await room.run('explain', 'dbm.status.failure.log'), /Last lines of the log of the pod/);
  });
});
