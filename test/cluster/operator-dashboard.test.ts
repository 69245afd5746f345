import assert from 'node:assert/strict';
import { type Browser, chromium } from 'playwright-core';
import { AUTH_PERMISSIONS, rulesOf } from '../../scripts/generate/rbac.ts';
import { createAuthority } from '../support/certificates.ts';
import { temporaryFolder } from '../support/lifetime.ts';
import { eventually, findOnPath, runCommand } from '../support/processes.ts';
import { awaiting, type Fleet, MIGRATION_SPEC, openFleet } from './fleet.ts';
import { type Ground, type Operator, openGround } from './operator-fixtures.ts';
import { describeCluster } from './suite.ts';

const RESOURCES =
  'databasemigrations.db-manager.dev,databasebackups.db-manager.dev,databasebackupschedules.db-manager.dev,databaserestores.db-manager.dev';

describeCluster('the dashboard of the operator', (cluster) => {
  let ground: Ground;
  let fleet: Fleet;
  let operator: Operator;
  let address: string;
  let authority: Awaited<ReturnType<typeof createAuthority>>;
  let browser: Browser | undefined;
  const names: string[] = [];

  before(async function () {
    this.timeout(120_000);
    ground = await openGround(cluster(), 'page');
    fleet = await openFleet(cluster(), 'page', 1);
    const { namespace } = ground;
    const bind = (role: 'auth' | 'user', ...accounts: string[]) => {
      const metadata = { name: `${namespace}-${role}` };
      names.push(metadata.name);
      const apiVersion = 'rbac.authorization.k8s.io/v1';
      const rules = role === 'auth' ? rulesOf(AUTH_PERMISSIONS) : [{ nonResourceURLs: ['/dashboard'], verbs: ['get'] }];
      const subjects = accounts.map((name) => ({ kind: 'ServiceAccount', name, namespace }));
      const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', ...metadata };
      return [
        { apiVersion, kind: 'ClusterRole', metadata, rules },
        { apiVersion, kind: 'ClusterRoleBinding', metadata, roleRef, subjects },
      ];
    };
    const items = [...bind('auth', 'db-manager-operator'), ...bind('user', 'reader', 'editor')];
    await cluster().mustKubectl(['apply', '--filename=-'], {
      input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
    });
    for (const account of ['reader', 'editor', 'stranger']) await ground.run('create', 'serviceaccount', account);
    await ground.run('create', 'role', 'reads', '--verb=get,list,watch', `--resource=${RESOURCES}`);
    await ground.run('create', 'role', 'edits', '--verb=get,list,watch,patch', `--resource=${RESOURCES}`);
    await ground.run('create', 'rolebinding', 'reads', '--role=reads', `--serviceaccount=${namespace}:reader`);
    await ground.run('create', 'rolebinding', 'edits', '--role=edits', `--serviceaccount=${namespace}:editor`);
    const folder = await temporaryFolder('dashboard-tls');
    authority = await createAuthority(folder);
    const { certFile, keyFile } = await authority.issue({ name: 'page', commonName: 'page', hosts: ['127.0.0.1'] });
    operator = await ground.startOperator({
      namespaces: [namespace, ...fleet.namespaces],
      dashboardPort: 0,
      dashboardApprove: true,
      dashboardCertFile: certFile,
      dashboardKeyFile: keyFile,
      // It never gets this Lease, so it changes no state that the page shows.
      leaderElection: true,
      leaseName: 'never',
      leaseNamespace: 'kube-public',
    });
    const port = await eventually(
      'the page to be served',
      async () => /"dashboard":(\d+)/.exec(await operator.log())?.[1],
    );
    address = `https://127.0.0.1:${port}`;
    await fleet.create(
      'databasemigrations',
      namespace,
      'mine',
      MIGRATION_SPEC('mine', { approval: 'Manual' }),
      awaiting('mine'),
    );
    await fleet.create(
      'databasemigrations',
      fleet.namespaces[0] ?? '',
      'theirs',
      MIGRATION_SPEC('theirs'),
      awaiting('theirs'),
    );
    const executablePath = findOnPath('chromium');
    if (executablePath !== undefined) browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  });
  after(async () => {
    await browser?.close();
    await operator?.stop();
    if (names.length > 0) await cluster().kubectl(['delete', 'clusterrole,clusterrolebinding', ...names]);
  });

  const tokenOf = async (account: string) => (await ground.run('create', 'token', account)).trim();
  /** One answer, or what a stream has sent within two seconds. */
  const ask = async (path: string, token?: string, ...more: string[]) => {
    const header = token === undefined ? [] : ['--header', `Authorization: Bearer ${token}`];
    const { stdout } = await runCommand('curl', [
      '--silent',
      '--no-buffer',
      '--max-time',
      '3',
      '--cacert',
      authority.certFile,
      ...header,
      ...more,
      '--write-out',
      '\n%{http_code}',
      `${address}${path}`,
    ]);
    return { code: stdout.split('\n').at(-1), text: stdout };
  };

  it('gives the empty page to all, and data only to a token whose user may open it', async function () {
    this.timeout(60_000);
    const page = await ask('/');
    assert.equal(page.code, '200');
    assert.doesNotMatch(page.text, /theirs|>mine</);
    assert.equal((await ask('/events')).code, '401');
    assert.equal((await ask('/events', 'not-a-token')).code, '401');
    const stranger = await ask('/events', await tokenOf('stranger'));
    assert.equal(stranger.code, '403');
    assert.match(stranger.text, /get on the non-resource URL \/dashboard/);
    assert.doesNotMatch(await operator.log(), /not-a-token/);
  });

  it('returns only what the token of the caller may read, and reports what it may not', async function () {
    this.timeout(60_000);
    const { text } = await ask('/events', await tokenOf('reader'));
    assert.match(text, />mine</);
    assert.doesNotMatch(text, />theirs</);
    assert.match(text, new RegExp(`Not shown: databasemigrations in namespace ${fleet.namespaces[0]}`));
    const other = await ask(
      `/resource?kind=DatabaseMigration&namespace=${fleet.namespaces[0]}&name=theirs`,
      await tokenOf('reader'),
    );
    assert.equal(other.code, '404');
  });

  it('approves with the token of the caller: denied for one who may not, in the audit log as the one who may', async function () {
    this.timeout(90_000);
    if (browser === undefined) return this.skip();
    const approveAs = async (account: string) => {
      const page = await (await browser?.newContext({ ignoreHTTPSErrors: true }))?.newPage();
      assert.ok(page);
      await page.goto(address);
      await page.getByLabel('Bearer token').fill(await tokenOf(account));
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.locator('#table tbody').getByRole('link', { name: 'mine' }).click();
      await page.getByRole('button', { name: 'Approve this plan…' }).click();
      await page.getByRole('button', { name: 'Approve the plan' }).click();
      await page
        .locator('#detail-news')
        .getByText(/pproved[.:]/)
        .waitFor();
      const news = await page.locator('#detail-news').innerText();
      await page.context().close();
      return news;
    };
    assert.match(await approveAs('reader'), /^Not approved: The API server denied the request: .*cannot patch/);
    const before = await fleet.get('databasemigrations', ground.namespace, 'mine');
    assert.equal(before.spec.approvedPlan, undefined);
    assert.equal(await approveAs('editor'), 'Approved. The operator starts the run.');
    const after = await fleet.get('databasemigrations', ground.namespace, 'mine');
    assert.match(after.spec.approvedPlan ?? '', /^sha256:/);
    const requests = await cluster().audited(`system:serviceaccount:${ground.namespace}:editor`);
    assert.ok(
      requests.some(({ verb, resource, allowed }) => verb === 'patch' && resource === 'databasemigrations' && allowed),
    );
  });
});
