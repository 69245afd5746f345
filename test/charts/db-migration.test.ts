import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { databaseMigrationSchema } from '../../src/core/model/resource.ts';
import { TOOL_VERSION } from '../../src/core/model/version.ts';
import { applicationChart, ORDERS } from '../cluster/charts-fixtures.ts';
import { CHARTS, helm, only, type Rendered, refusal, render } from './helm.ts';

const CHART = join(CHARTS, 'db-migration');
const SPEC = {
  database: { urlFrom: { secretKeyRef: { name: 'shop', key: 'url' } } },
  migrations: { image: { reference: 'shop:1', path: '/migrations' } },
  backup: { volume: { claimName: 'backups' } },
};
const VALUES = { spec: SPEC };
const { migrations: _, ...WITHOUT_MIGRATIONS } = SPEC;
const FILES = { spec: WITHOUT_MIGRATIONS, files: { '1_orders.sql': 'CREATE TABLE orders (id int);\n' } };

const HOOKS = 'helm.sh/hook';

describe('the chart of an application’s migrations', () => {
  for (const mode of ['operator', 'standalone']) {
    it(`passes helm lint, strictly, in mode ${mode}`, async () => {
      const { code, stdout } = await helm(
        'lint',
        CHART,
        '--strict',
        `--set-json=spec=${JSON.stringify(SPEC)}`,
        `--set=mode=${mode}`,
      );
      assert.equal(code, 0, stdout);
    });

    it(`runs restricted and without retries in mode ${mode}`, async () => {
      const job = only(await render('shop', CHART, { ...VALUES, mode }), 'Job');
      assert.equal(job.spec.backoffLimit, 0);
      const { securityContext, containers, automountServiceAccountToken } = job.spec.template.spec;
      assert.equal(securityContext.runAsNonRoot, true);
      assert.equal(containers[0].securityContext.readOnlyRootFilesystem, true);
      if (mode === 'standalone') assert.equal(automountServiceAccountToken, false, 'user code gets no token');
    });

    it(`gives in mode ${mode} a manifest that is a DatabaseMigration`, async () => {
      const resource = databaseMigrationSchema.parse(await manifest({ ...VALUES, mode }));
      assert.equal(resource.metadata.name, 'shop-db-migration');
      assert.deepEqual(resource.spec.migrations.image?.reference, 'shop:1');
    });
  }

  it('has the version of the tool', () => {
    const { version, appVersion } = parse(readFileSync(join(CHART, 'Chart.yaml'), 'utf8'));
    assert.deepEqual([version, appVersion], [TOOL_VERSION, TOOL_VERSION]);
  });

  it('sends a new request with every revision, so that an old result is not used for a new revision', async () => {
    const { spec } = databaseMigrationSchema.parse(await manifest(VALUES));
    assert.deepEqual(spec.runner.annotations, { 'db-manager.dev/helm-revision': '1' });
  });

  it('keeps a failed Job with its log, and what is read before it is made before it', async () => {
    const objects = await render('shop', CHART, {
      ...FILES,
      database: { url: 'postgres://u:p@db/shop' },
      spec: { backup: SPEC.backup },
    });
    const weights = beforehand(objects).map(({ kind, metadata }) => [
      kind,
      Number(metadata?.annotations?.['helm.sh/hook-weight']),
    ]);
    assert.deepEqual(Object.fromEntries(weights), {
      Secret: -20,
      ConfigMap: -10,
      ServiceAccount: -10,
      Role: -10,
      RoleBinding: -10,
      Job: 0,
    });
    const policy = only(objects, 'Job').metadata?.annotations?.['helm.sh/hook-delete-policy'];
    assert.equal(policy, 'before-hook-creation,hook-succeeded');
  });

  it('names the ConfigMap of files after its content, and passes the files on byte for byte', async () => {
    const last = 'CREATE TABLE b (id int);  \n\n';
    const first = "INSERT INTO a VALUES ('<&>\u00e9 {{ not a template }}');\r\n";
    const chart = await applicationChart({ '1_orders.sql': first, '2_last.sql': last });
    const objects = await render('shop', chart);
    const files = objects.find(({ data }) => data?.['1_orders.sql'] !== undefined);
    assert.deepEqual(files?.data, { '1_orders.sql': first, '2_last.sql': last });
    const { volumes } = only(objects, 'Deployment').spec.template.spec;
    assert.equal(
      volumes[1].projected.sources[0].configMap.name,
      files?.metadata?.name,
      'the application waits for the same',
    );
    const other = await render('shop', await applicationChart({ '1_orders.sql': first }));
    assert.ok(other.every(({ metadata }) => metadata?.name !== files?.metadata?.name));
  });

  it('treats null as unset, so that one values file can undo the value of another', async () => {
    const { database: _old, ...rest } = SPEC;
    const postgres = { host: 'db', database: 'shop', user: 'shop', caFrom: null };
    const spec = { ...rest, database: { urlFrom: null, postgres } };
    const { spec: made } = databaseMigrationSchema.parse(await manifest({ spec, mode: 'standalone' }));
    assert.deepEqual(Object.keys(made.database), ['postgres']);
  });

  it('goes back before the application with the history, or after it to the revision that the chart names', async () => {
    const rollback = { downgrade: true };
    const hookOf = async (values: object) => {
      const objects = await render('shop', CHART, { ...FILES, ...values, mode: 'standalone', rollback });
      const job = objects.find(({ kind, metadata }) => kind === 'Job' && metadata?.name?.endsWith('-rollback'));
      const manifests = objects.filter(({ data }) => data?.['migration.yaml'] !== undefined);
      const of = manifests.find(({ metadata }) => metadata?.name?.includes('-rollback'));
      const { spec } = parse(of?.data?.['migration.yaml'] ?? '');
      return { event: job?.metadata?.annotations?.[HOOKS], spec };
    };
    const history = await hookOf({});
    assert.equal(history.event, 'pre-rollback');
    assert.equal(history.spec.unknownApplied, 'Downgrade');
    assert.equal(history.spec.allowDowngrade, undefined);
    const named = await hookOf({ spec: { ...WITHOUT_MIGRATIONS, target: '1_orders' } });
    assert.equal(named.event, 'post-rollback');
    assert.equal(named.spec.allowDowngrade, true);
    assert.match(named.spec.migrations.configMaps[0].name, /-newest$/);
  });

  it('waits for the revision that the chart names', async () => {
    const chart = await applicationChart({});
    const shop = only(await render('shop', chart, { 'db-migration': { spec: { target: '1_orders' } } }), 'Deployment');
    const [wait] = shop.spec.template.spec.initContainers;
    assert.deepEqual(wait.args, ['wait', '--revision=1_orders', '--migrations=/migrations', '--timeout=0']);
  });

  it('waits for the files that the resource reads', async () => {
    const chart = await applicationChart({});
    for (const name of ['deployment.yaml', 'migrations.yaml']) {
      const path = join(chart, 'templates', name);
      const text = readFileSync(path, 'utf8').replaceAll(/ "files" (?:\$files|"migrations\/\*")/g, '');
      await writeFile(path, text);
    }
    const migrations = { image: { reference: 'shop:1' }, include: ['*.sql'], exclude: ['old/**', '0_*'] };
    const shop = only(await render('shop', chart, { 'db-migration': { spec: { migrations } } }), 'Deployment');
    const [wait] = shop.spec.template.spec.initContainers;
    assert.deepEqual(wait.args.slice(-3), ['--include=*.sql', '--exclude=old/**', '--exclude=0_*']);
  });

  it('refuses to wait for a target that cannot be resolved without the database', async () => {
    const why = await refusal(await applicationChart({}), { 'db-migration': { spec: { target: '+1' } } });
    assert.match(why, /cannot wait for db-migration\.spec\.target=\+1.*set a revision, or head/);
  });

  it('can be there twice, under an alias, for two databases', async () => {
    const chart = await applicationChart({ '1_orders.sql': ORDERS });
    const name = join(chart, 'Chart.yaml');
    const { dependencies, ...rest } = parse(readFileSync(name, 'utf8'));
    await writeFile(
      name,
      stringify({ ...rest, dependencies: [...dependencies, { ...dependencies[0], alias: 'ledger' }] }),
    );
    const include = '{{ include "db-migration.hooks" (dict "root" . "files" "migrations/*" "name" "ledger") }}\n';
    await writeFile(join(chart, 'templates/ledger.yaml'), include);
    const values = parse(readFileSync(join(chart, 'values.yaml'), 'utf8'));
    const objects = await render('shop', chart, { ledger: values['db-migration'] });
    const jobs = objects.filter(({ kind }) => kind === 'Job').map(({ metadata }) => metadata?.name);
    assert.deepEqual(jobs.sort(), ['shop-db-migration', 'shop-ledger']);
  });

  it('renders nothing where it is switched off, and the application as it is', async () => {
    assert.deepEqual(await render('shop', CHART, { enabled: false }), []);
    const objects = await render('shop', await applicationChart({}), { 'db-migration': { enabled: false } });
    assert.deepEqual(
      objects.map(({ kind }) => kind),
      ['Deployment'],
    );
  });

  const postgres = { host: 'db', database: 'shop', user: 'shop' };
  const refused: [string, object, RegExp][] = [
    [
      'no database',
      { spec: { migrations: SPEC.migrations, backup: SPEC.backup } },
      /needs a database: set db-migration\.database\.url, or db-migration\.spec\.database/,
    ],
    [
      'two databases',
      { ...VALUES, database: { url: 'postgres://u@db/x' } },
      /set db-migration\.database\.url or db-migration\.spec\.database, not both/,
    ],
    [
      'no migrations',
      { spec: WITHOUT_MIGRATIONS },
      /needs migrations: set db-migration\.spec\.migrations or db-migration\.files/,
    ],
    [
      'migrations twice',
      { ...VALUES, files: { a: 'b' } },
      /set db-migration\.files or db-migration\.spec\.migrations, not both/,
    ],
    ['no place for backups', { spec: { ...SPEC, backup: {} } }, /needs a place for backups/],
    [
      'a claim that nobody makes',
      { mode: 'standalone', spec: { ...SPEC, backup: { volume: { size: '1Gi' } } } },
      /create a PersistentVolumeClaim and set/,
    ],
    [
      'certificates that the run would not see',
      {
        mode: 'standalone',
        spec: {
          ...SPEC,
          database: { postgres: { ...postgres, caFrom: { configMapKeyRef: { name: 'a', key: 'b' } } } },
        },
      },
      /use db-migration\.spec\.database\.urlFrom with sslrootcert/,
    ],
    [
      'a way back to a place that depends on the database',
      { spec: { ...SPEC, target: '-1' }, rollback: { downgrade: true } },
      /cannot go back with db-migration\.spec\.target=-1/,
    ],
    ['a mode that there is not', { ...VALUES, mode: 'sidecar' }, /'\/mode'/],
    ['a value that there is not', { ...VALUES, timeout: 5 }, /additional properties 'timeout' not allowed/],
  ];
  for (const [what, values, why] of refused) {
    it(`refuses ${what}`, async () => assert.match(await refusal(CHART, values), why));
  }

  it('renders no hooks itself if the chart of the application renders them', async () => {
    const chart = await applicationChart({});
    assert.match(
      await refusal(chart, { 'db-migration': { renderedByParent: false } }),
      /db-migration\.renderedByParent/,
    );
  });

  it('has every value in the schema', () => {
    const values = parse(readFileSync(join(CHART, 'values.yaml'), 'utf8'));
    const { properties } = JSON.parse(readFileSync(join(CHART, 'values.schema.json'), 'utf8'));
    assert.deepEqual(Object.keys(properties).sort(), Object.keys(values).sort());
  });

  it('makes every object of the release a hook or, on a first install with its database, none of them', async () => {
    const hooks = (objects: Rendered[]) =>
      new Set(beforehand(objects).map(({ metadata }) => metadata?.annotations?.[HOOKS]));
    const own = (firstInstall: string) => ({ ...VALUES, database: { inRelease: true, firstInstall } });
    assert.deepEqual(hooks(await render('shop', CHART, VALUES)), new Set(['pre-install,pre-upgrade']));
    assert.deepEqual(hooks(await render('shop', CHART, own('PostInstall'))), new Set(['post-install,pre-upgrade']));
    assert.deepEqual(hooks(await render('shop', CHART, own('Resource'))), new Set([undefined]));
    assert.deepEqual(hooks(await render('shop', CHART, own('Resource'), '--is-upgrade')), new Set(['pre-upgrade']));
  });
});

/** Without what takes things away after an uninstall. */
function beforehand(objects: Rendered[]): Rendered[] {
  const others = ['post-delete', 'test'];
  return objects.filter(({ metadata }) => !others.includes(metadata?.annotations?.[HOOKS] ?? ''));
}

async function manifest(values: object): Promise<Rendered> {
  const config = only(await render('shop', CHART, values), 'ConfigMap', 'shop-db-migration-manifest');
  return parse(config.data['migration.yaml']);
}
