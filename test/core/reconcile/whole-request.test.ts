/** The whole request of a run, for a spec with nothing and with everything. */
import assert from 'node:assert/strict';
import { runRequestSchema } from '../../../src/core/model/request.ts';
import { specSchema } from '../../../src/core/model/resource-spec.ts';
import {
  commandRequestFromSpec,
  databaseOf,
  invalidRepair,
  type Placement,
  requestedActions,
  requestFromSpec,
} from '../../../src/core/reconcile/request.ts';

const PLACEMENT: Placement = {
  urlVariable: 'DATABASE_URL',
  passwordVariable: 'DATABASE_PASSWORD',
  sqliteFile: '/data/app.db',
  migrationsFolder: '/migrations',
  modelsFolder: undefined,
  backupsFolder: '/backups',
  caFile: '/files/ca.pem',
  certFile: '/files/cert.pem',
  keyFile: '/files/key.pem',
};
const IDENTITY = { runId: 'r', attempt: 2 };
const secret = (key: string) => ({ secretKeyRef: { name: 's', key } });
const URL_DATABASE = { urlFrom: secret('url') };
const FILES = { configMaps: [{ name: 'm' }] };
/** As JSON, in which it reaches the pod. */
const asSent = (value: unknown) => JSON.parse(JSON.stringify(value));

describe('the request of a resource', () => {
  it('has the defaults of the spec, in milliseconds', () => {
    const spec = specSchema.parse({ database: URL_DATABASE, migrations: FILES });
    const request = requestFromSpec(spec, IDENTITY, PLACEMENT);
    assert.deepEqual(asSent(request), {
      version: 1,
      runId: 'r',
      attempt: 2,
      database: { urlVariable: 'DATABASE_URL' },
      migrations: { path: '/migrations' },
      target: 'head',
      allowDowngrade: false,
      outOfOrder: 'Refuse',
      dryRun: false,
      approval: 'Automatic',
      safety: { mode: 'Enforce', ignore: [], rehearsal: 'Auto', roundTrip: true, rehearsalServer: 'Auto' },
      validation: { before: 'Warn', after: 'Enforce', expect: 'Auto' },
      backup: { enabled: true, folder: '/backups', compression: 'auto', retain: { last: 10, days: 30 } },
      report: { redactLiterals: false },
      onFailure: 'Keep',
      terminateSessions: false,
      timeouts: { connect: 60_000, lock: 5_000, statement: 0, run: 1_800_000 },
    });
    runRequestSchema.parse(asSent(request));
  });

  it('has everything that a spec sets', () => {
    const checks = [{ name: 'c', sql: 'SELECT true', when: 'After' }];
    const resource = { namespace: 'trading', name: 'bot', uid: 'u', generation: 3 };
    const spec = specSchema.parse({
      database: { ...URL_DATABASE, create: false, history: { schema: 'h', table: 't' } },
      migrations: { ...FILES, include: ['*.sql'], exclude: ['x.sql'] },
      models: { path: 'models' },
      target: '2_b',
      allowDowngrade: true,
      outOfOrder: 'Allow',
      unknownApplied: 'Refuse',
      dryRun: true,
      approval: 'Manual',
      approvedPlan: `sha256:${'a'.repeat(64)}`,
      safety: {
        mode: 'Warn',
        ignore: ['no-down'],
        rehearsal: 'Full',
        roundTrip: false,
        rehearsalServerUrlFrom: secret('r'),
      },
      validation: { before: 'Disabled', after: 'Warn', expect: 'Models' },
      checks,
      backup: {
        mode: 'Disabled',
        encryption: { recipients: ['age1x'] },
        compression: 'none',
        schemas: ['app'],
        retain: { last: 1, days: 0 },
      },
      report: { mode: 'Disabled' },
      onFailure: 'Restore',
      terminateSessions: true,
      timeouts: { connect: '1s', lock: '2m', statement: '500ms', run: '1h' },
    });
    const request = requestFromSpec(spec, { ...IDENTITY, resource }, { ...PLACEMENT, modelsFolder: '/models' });
    assert.deepEqual(asSent(request), {
      version: 1,
      runId: 'r',
      attempt: 2,
      resource,
      database: { urlVariable: 'DATABASE_URL' },
      create: false,
      history: { schema: 'h', table: 't' },
      migrations: { path: '/migrations', include: ['*.sql'], exclude: ['x.sql'] },
      models: { path: '/models' },
      target: '2_b',
      allowDowngrade: true,
      outOfOrder: 'Allow',
      unknownApplied: 'Refuse',
      dryRun: true,
      approval: 'Manual',
      approvedPlan: `sha256:${'a'.repeat(64)}`,
      safety: {
        mode: 'Warn',
        ignore: ['no-down'],
        rehearsal: 'Full',
        roundTrip: false,
        rehearsalServer: { urlVariable: 'REHEARSAL_DATABASE_URL' },
      },
      validation: { before: 'Disabled', after: 'Warn', expect: 'Models' },
      checks,
      backup: {
        enabled: false,
        folder: '/backups',
        recipients: ['age1x'],
        compression: 'none',
        schemas: ['app'],
        retain: { last: 1, days: 0 },
      },
      onFailure: 'Restore',
      terminateSessions: true,
      timeouts: { connect: 1_000, lock: 120_000, statement: 500, run: 3_600_000 },
    });
  });

  it('of a command has the command in place of what only migrations have', () => {
    const command = (change: object) => {
      const migrations = { command: { image: 'i', command: ['tool'], ...change } };
      const spec = specSchema.parse({ database: URL_DATABASE, migrations });
      assert.ok(spec.migrations.command);
      return asSent(commandRequestFromSpec(spec, spec.migrations.command, IDENTITY, PLACEMENT));
    };
    const { command: least, ...common } = command({});
    assert.deepEqual(Object.keys(least).sort(), ['run', 'statements', 'urlFormat', 'urlVariable']);
    assert.deepEqual([least.run, least.urlVariable], [['tool'], 'DATABASE_URL']);
    const only = ['migrations', 'models', 'target', 'allowDowngrade', 'outOfOrder'];
    assert.deepEqual(
      Object.keys(common).filter((key) => only.includes(key)),
      [],
    );
    assert.deepEqual([common.runId, common.onFailure, common.backup.folder], ['r', 'Keep', '/backups']);
    const most = command({ args: ['up'], down: ['tool', 'down'], workingDir: '/w', urlEnv: 'URL' }).command;
    assert.deepEqual(
      [most.run, most.down, most.workingDir, most.urlVariable],
      [['tool', 'up'], ['tool', 'down'], '/w', 'URL'],
    );
  });
});

describe('the database of a request', () => {
  const of = (database: object) =>
    asSent(databaseOf(specSchema.parse({ database, migrations: FILES }).database, PLACEMENT));
  const postgres = { host: 'h', database: 'd', user: 'u' };
  const least = { ...postgres, port: 5432, sslMode: 'prefer', schemas: ['public'] };

  it('is a file, a URL, or a server with what its login needs and no more', () => {
    assert.deepEqual(of({ sqlite: { volume: { claimName: 'c' }, path: 'x.db' } }), {
      sqlite: { path: '/data/app.db' },
    });
    assert.deepEqual(of(URL_DATABASE), { urlVariable: 'DATABASE_URL' });
    const { sslMode } = of({ postgres }).postgres;
    assert.deepEqual(of({ postgres }), { postgres: { ...least, sslMode } });
    assert.deepEqual(
      of({
        postgres: {
          ...postgres,
          port: 6432,
          sslMode: 'verify-full',
          schemas: ['a', 'b'],
          passwordFrom: secret('p'),
          caFrom: { configMapKeyRef: { name: 'c', key: 'ca' } },
          certFrom: secret('c'),
          keyFrom: secret('k'),
        },
      }),
      {
        postgres: {
          ...postgres,
          port: 6432,
          sslMode: 'verify-full',
          schemas: ['a', 'b'],
          passwordVariable: 'DATABASE_PASSWORD',
          caFile: '/files/ca.pem',
          certFile: '/files/cert.pem',
          keyFile: '/files/key.pem',
        },
      },
    );
  });

  it('names the region of the login only where it is given', () => {
    const iam = (change: object) => of({ postgres: { ...postgres, iam: { provider: 'RDS', ...change } } }).postgres.iam;
    assert.deepEqual([iam({}), iam({ region: 'eu-central-1' })], [{}, { region: 'eu-central-1' }]);
  });
});

describe('what the annotations of a resource request', () => {
  const annotated = (annotations?: Record<string, string>) => ({ metadata: { name: 'bot', annotations } });
  const repair = 'db-manager.dev/repair';

  it('is a repair, old backups to delete, both or nothing', () => {
    const parsed = { action: 'applied', digest: '0123456789abcdef' };
    const wanted = { [repair]: 'applied:0123456789abcdef' };
    const prune = { 'db-manager.dev/prune': 'now' };
    assert.deepEqual(requestedActions(annotated()), {});
    assert.deepEqual(requestedActions(annotated(wanted)), { repair: parsed });
    assert.deepEqual(requestedActions(annotated(prune)), { prune: true });
    assert.deepEqual(requestedActions(annotated({ ...wanted, ...prune })), { repair: parsed, prune: true });
    assert.deepEqual(requestedActions(annotated({ [repair]: 'x' })), {});
  });

  it('is refused where it cannot be read, with the start of its value', () => {
    assert.equal(invalidRepair(annotated()), undefined);
    assert.equal(invalidRepair(annotated({ [repair]: 'applied:0123456789abcdef' })), undefined);
    assert.equal(
      invalidRepair(annotated({ [repair]: 'x'.repeat(61) })),
      `The annotation db-manager.dev/repair is "${'x'.repeat(59)}…", not an action and a digest. No run starts.`,
    );
  });
});
