import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { createRequire } from 'node:module';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { eventually, findOnPath } from '../support/processes.ts';
import { MAIN } from '../support/program.ts';
import type { ControlPlane } from './control-plane.ts';
import { awaiting, type Fleet, fillFleet, MIGRATION_SPEC, openFleet, READY } from './fleet.ts';
import { installCrd } from './operator-fixtures.ts';
import { describeCluster } from './suite.ts';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const TOTAL = 200;
const VIEWS = {
  'on a large screen in the dark': { viewport: { width: 1280, height: 900 }, colorScheme: 'dark' },
  'on a phone': { viewport: { width: 360, height: 740 } },
} as const;
const DIALOG = '#detail[open]';

interface Running {
  url: string;
  base: string;
  key: string;
  child: ChildProcess;
}

describeCluster('db-manager dashboard', function (this: void, cluster: () => ControlPlane) {
  let fleet: Fleet;
  let browser: Browser;
  let approving: Running;
  const started: ChildProcess[] = [];

  before(async function () {
    this.timeout(180_000);
    const executablePath = findOnPath('chromium');
    if (executablePath === undefined) return this.skip();
    await installCrd(cluster());
    fleet = await openFleet(cluster(), 'fleet', 4);
    await fillFleet(fleet, TOTAL);
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
    approving = await start(cluster().kubeconfig, '--allow-approve', '--namespaces', fleet.namespaces.join(','));
  });

  after(async () => {
    await browser?.close();
    for (const child of started) {
      child.kill();
      if (child.exitCode === null) await once(child, 'exit');
    }
  });

  async function start(kubeconfig: string, ...args: string[]): Promise<Running> {
    const program = [MAIN, 'dashboard', '--json', '--kubeconfig', kubeconfig, ...args];
    const child = spawn(process.execPath, program, { stdio: ['ignore', 'pipe', 'pipe'] });
    started.push(child);
    let [out, err] = ['', ''];
    child.stdout.on('data', (data) => (out += data));
    child.stderr.on('data', (data) => (err += data));
    const { url } = await eventually('the dashboard to start', async () => {
      if (child.exitCode !== null) throw new Error(err);
      return out.trimEnd().endsWith('}') && (JSON.parse(out) as { url: string });
    });
    const { origin, hash } = new URL(url);
    return { url, base: origin, key: hash.slice('#key='.length), child };
  }

  async function open(url: string, options: BrowserContextOptions = {}): Promise<{ page: Page; wrong: string[] }> {
    const page = await (await browser.newContext(options)).newPage();
    const wrong: string[] = [];
    const { origin } = new URL(url);
    page.on('console', (message) => message.type() === 'error' && wrong.push(message.text()));
    page.on('pageerror', (error) => wrong.push(String(error)));
    page.on('request', (one) => one.url().startsWith(`${origin}/`) || wrong.push(one.url()));
    await page.goto(url);
    return { page, wrong };
  }

  const shown = (page: Page, text: RegExp | string) => page.locator('#shown').getByText(text).waitFor();
  const row = (page: Page, name: string) =>
    page.locator('#table tbody tr').filter({ has: page.getByRole('link', { name, exact: true }) });
  const post = (path: string, headers: Record<string, string>, body: object) =>
    fetch(`${approving.base}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });

  for (const [name, options] of Object.entries(VIEWS)) {
    it(`with ${TOTAL} resources ${name}: no error, no other origin, nothing cut off, and accessible`, async function () {
      this.timeout(120_000);
      const { page, wrong } = await open(approving.url, options);
      await shown(page, `${TOTAL} of ${TOTAL} shown`);
      const tables = ['runs', 'backups', 'schedules', 'restores', 'drift', 'migrations'];
      for (const view of tables) {
        await page.locator(`[data-view=${view}]`).click();
        assert.ok((await page.locator('#table tbody tr').count()) > 0, view);
        const { width, visible } = await page.locator('body').evaluate((body) => {
          const { documentElement } = (
            body as unknown as { ownerDocument: { documentElement: Record<string, number> } }
          ).ownerDocument;
          return { width: documentElement.scrollWidth ?? 0, visible: documentElement.clientWidth ?? 0 };
        });
        assert.ok(width <= visible, `${view} does not scroll sideways: ${width} of ${visible}`);
      }
      assert.deepEqual(wrong, []);
      await page.context().close();

      const checked = await open(approving.url, { ...options, bypassCSP: true });
      await shown(checked.page, `${TOTAL} of ${TOTAL} shown`);
      await checked.page.addScriptTag({ path: AXE });
      const violations = async () => {
        const result = (await checked.page.evaluate('axe.run()')) as {
          violations: { id: string; nodes: { target: string[]; failureSummary: string }[] }[];
          passes: object[];
        };
        assert.ok(result.passes.length > 10, 'axe has looked');
        return result.violations.map(({ id, nodes }) => [
          id,
          nodes.slice(0, 3).map((node) => `${node.target} ${node.failureSummary}`),
        ]);
      };
      // A few rows of each state: axe looks at each cell for seconds.
      await checked.page.locator('#search').fill('-00');
      await shown(checked.page, /^10 of/);
      assert.deepEqual(await violations(), []);
      await row(checked.page, 'search-003').getByRole('link').click();
      await checked.page.getByRole('button', { name: 'Approve this plan…' }).click();
      await checked.page
        .locator('details')
        .first()
        .evaluate('(element) => { element.open = true; }')
        .catch(() => {});
      assert.deepEqual(await violations(), []);
      await checked.page.context().close();
    });
  }

  it('searches, filters by state, sorts, and is used by keyboard alone', async function () {
    this.timeout(60_000);
    const { page, wrong } = await open(approving.url);
    await shown(page, `${TOTAL} of ${TOTAL} shown`);
    assert.match((await page.locator('#table tbody tr').first().innerText()) ?? '', /Awaits approval/);
    assert.match(await page.title(), /^\(10\) /);

    await page.keyboard.press('/');
    await page.keyboard.type('orders-1 null');
    await shown(page, 'Nothing matches.');
    await page.locator('#search').fill('payments null values');
    await shown(page, /^5 of 200/);
    await page.locator('#search').fill('');

    const waits = page.getByRole('button', { name: /Awaits approval 10/ });
    await waits.focus();
    await page.keyboard.press('Enter');
    await shown(page, /^10 of 200/);
    assert.equal(await waits.getAttribute('aria-pressed'), 'true');
    await page.keyboard.press('Enter');
    await shown(page, `${TOTAL} of ${TOTAL} shown`);

    const names = async () => (await page.locator('#table tbody th a').allInnerTexts()).slice(0, 2);
    await page.getByRole('button', { name: 'Name' }).focus();
    await page.keyboard.press('Enter');
    assert.deepEqual(await names(), ['audit-009', 'audit-019']);
    await page.keyboard.press('Enter');
    assert.deepEqual(await names(), ['users-194', 'users-184']);
    assert.equal(await page.locator('th[aria-sort=descending]').innerText(), 'Name ↓');

    await row(page, 'users-194').getByRole('link').focus();
    await page.keyboard.press('Enter');
    await page.locator(DIALOG).getByRole('heading', { name: 'users-194' }).waitFor();
    await page.locator(DIALOG).getByText('The database is at 20240601_price.').first().waitFor();
    await page.keyboard.press('Escape');
    await page.locator(DIALOG).waitFor({ state: 'detached' });
    assert.equal(
      await page.evaluate(
        () =>
          (globalThis as unknown as { document: { activeElement: { textContent: string } } }).document.activeElement
            .textContent,
      ),
      'users-194',
    );
    assert.deepEqual(wrong, []);
    await page.context().close();
  });

  it('shows the reason of a refused plan and of a failed rehearsal with the statement', async function () {
    this.timeout(30_000);
    const { page } = await open(approving.url);
    await shown(page, `${TOTAL} of ${TOTAL} shown`);
    for (const [name, state, texts] of [
      [
        'audit-009',
        'Blocked',
        [
          'The run was blocked here.',
          'drop-table',
          'DROP TABLE invoices;',
          '20240601_price.sql:12:1',
          'What to do next:',
        ],
      ],
      ['payments-005', 'Blocked', ['contains null values', 'error code 23502', 'SET NOT NULL;', 'AccessExclusiveLock']],
      ['payments-025', 'Failed', ['no space left on device', 'What to do next:']],
    ] as const) {
      assert.match(await row(page, name).innerText(), new RegExp(state));
      await row(page, name).getByRole('link').click();
      for (const text of texts) await page.locator(DIALOG).getByText(text).first().waitFor();
      await page.getByRole('button', { name: 'Close' }).click();
    }
    await page.context().close();
  });

  it('follows new, changed and deleted resources, also in open details', async function () {
    this.timeout(60_000);
    const [namespace = ''] = fleet.namespaces;
    const { page, wrong } = await open(approving.url);
    await shown(page, `${TOTAL} of ${TOTAL} shown`);
    await fleet.create('databasemigrations', namespace, 'live', MIGRATION_SPEC('live', { approval: 'Manual' }));
    await row(page, 'live').getByText('Not processed').waitFor();
    await row(page, 'live').getByRole('link').click();
    await page.locator(DIALOG).getByText('has not processed this resource yet').waitFor();
    await fleet.setStatus('databasemigrations', namespace, 'live', awaiting('live', `sha256:${'1'.repeat(64)}`));
    await page.getByRole('button', { name: 'Approve this plan…' }).click();
    // The plan changes while it is being approved.
    await fleet.setStatus('databasemigrations', namespace, 'live', awaiting('live', `sha256:${'2'.repeat(64)}`));
    await page.getByText('The plan has changed. Review it again.').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Approve the plan' }).isVisible(), false);
    await fleet.remove('databasemigrations', namespace, 'live');
    await page.locator('#detail-news').getByText('was deleted').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Approve this plan…' }).isDisabled(), true);
    await page.getByRole('button', { name: 'Close' }).click();
    await shown(page, `${TOTAL} of ${TOTAL} shown`);
    // 404 of the deleted resource is written to the console by Chromium.
    assert.deepEqual(
      wrong.filter((text) => !text.includes('404')),
      [],
    );
    await page.context().close();
  });

  it('approves exactly the plan in view, as the user of the kubeconfig, and leaves the rest of the spec', async function () {
    this.timeout(60_000);
    const [namespace = ''] = fleet.namespaces;
    const digest = `sha256:${'3'.repeat(64)}`;
    await fleet.create(
      'databasemigrations',
      namespace,
      'approves',
      MIGRATION_SPEC('approves', { approval: 'Manual' }),
      awaiting('approves', digest),
    );
    const { page } = await open(approving.url);
    await row(page, 'approves').getByRole('link').click();
    await page.locator(DIALOG).getByText('scans the whole table').waitFor();
    await page.getByRole('button', { name: 'Approve this plan…' }).click();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Approve this plan…' }).click();
    await page.getByRole('button', { name: 'Approve the plan' }).click();
    await page.getByText('Approved. The operator starts the run.').waitFor();
    const { spec } = await fleet.get('databasemigrations', namespace, 'approves');
    assert.equal(spec.approvedPlan, digest);
    await fleet.remove('databasemigrations', namespace, 'approves');
    await page.context().close();
  });

  it('refuses requests of other sites, of other names and without key, CSRF token or JSON', async () => {
    const { base, key } = approving;
    const plan = { namespace: fleet.namespaces[3], name: 'search-003', digest: awaiting('x').plan?.digest };
    const authorization = `Bearer ${key}`;
    assert.equal((await fetch(`${base}/events`)).status, 401);
    assert.equal((await fetch(`${base}/events`, { headers: { authorization: 'Bearer x' } })).status, 401);
    assert.equal((await post('/approve', { authorization }, plan)).status, 403);
    assert.match(await (await post('/approve', { authorization, 'x-csrf-token': 'x' }, plan)).text(), /CSRF/);
    const csrf = await csrfOf(approving);
    const good = { authorization, 'x-csrf-token': csrf };
    assert.equal((await post('/approve', { ...good, 'content-type': 'text/plain' }, plan)).status, 415);
    assert.equal((await post('/approve', { ...good, origin: 'http://evil.example' }, plan)).status, 403);
    assert.equal((await post('/approve', { ...good, 'sec-fetch-site': 'cross-site' }, plan)).status, 403);
    assert.equal((await post('/approve', good, { ...plan, digest: 'sha256:other' })).status, 409);
    assert.equal((await post('/approve', good, { name: 'x' })).status, 400);
    assert.equal((await post('/approve', good, { ...plan, more: 'x'.repeat(20_000) })).status, 400);
    assert.equal((await fetch(`${base}/../etc/passwd`)).status, 404);
    assert.equal((await fetch(`${base}/approve`, { headers: good })).status, 405);
    for (const [host, status] of [
      ['evil.example', 421],
      ['127.0.0.1.evil.example:80', 421],
      ['LOCALHOST:1', 200],
    ] as const) {
      assert.equal(await statusWithHost(base, host), status, host);
    }
    const { headers } = await fetch(base);
    assert.match(headers.get('content-security-policy') ?? '', /default-src 'none'.*connect-src 'self'/);
    assert.doesNotMatch(headers.get('content-security-policy') ?? '', /unsafe/);
    assert.equal(headers.get('access-control-allow-origin'), null);
    const same = await fleet.get('databasemigrations', String(plan.namespace), 'search-003');
    assert.equal(same.spec.approvedPlan, undefined);
  });

  it('is read-only without --allow-approve', async function () {
    this.timeout(60_000);
    const readOnly = await start(cluster().kubeconfig, '--namespaces', fleet.namespaces.join(','));
    const { page } = await open(readOnly.url);
    await row(page, 'search-003').getByRole('link').click();
    await page
      .locator(DIALOG)
      .getByText(/db-manager approve search-003 -n/)
      .waitFor();
    assert.equal(await page.locator('[data-approve]').count(), 0);
    const response = await fetch(`${readOnly.base}/approve`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${readOnly.key}`,
        'x-csrf-token': await csrfOf(readOnly),
        'content-type': 'application/json',
      },
      body: '{}',
    });
    assert.equal(response.status, 403);
    assert.match(await response.text(), /read-only/);
    await page.context().close();
  });

  it('shows a user of one namespace what that user may read, and reports clearly that an approval is denied', async function () {
    this.timeout(60_000);
    const [mine = '', other = ''] = fleet.namespaces;
    const reader = await readerOf(cluster(), mine);
    const server = await start(reader, '--allow-approve');
    const { page } = await open(server.url);
    // May not list namespaces: the namespace of the context is `default`, where nothing can be read.
    await page.locator('#problems').getByText('Not shown: databasemigrations in namespace default').waitFor();
    await page.context().close();
    const named = await start(reader, '--allow-approve', '--namespaces', `${mine},${other}`);
    const second = await open(named.url);
    await shown(second.page, '50 of 50 shown');
    await second.page.locator('#problems').getByText(`Not shown: databasemigrations in namespace ${other}`).waitFor();
    await fleet.create(
      'databasemigrations',
      mine,
      'denied',
      MIGRATION_SPEC('denied', { approval: 'Manual' }),
      awaiting('denied'),
    );
    await row(second.page, 'denied').getByRole('link').click();
    await second.page.getByRole('button', { name: 'Approve this plan…' }).click();
    await second.page.getByRole('button', { name: 'Approve the plan' }).click();
    await second.page
      .getByText(/Not approved: The API server denied the request: .*cannot patch.*Nothing was approved/)
      .waitFor();
    await fleet.remove('databasemigrations', mine, 'denied');
    await second.page.context().close();
  });

  it('reads namespace by namespace if it may list them but not all resources', async function () {
    this.timeout(60_000);
    const [mine = ''] = fleet.namespaces;
    const reader = await readerOf(cluster(), mine, { listNamespaces: true });
    const { page } = await open((await start(reader)).url);
    await shown(page, '50 of 50 shown');
    await page
      .locator('#problems')
      .getByText(/Not shown: databasemigrations in \d+ namespaces/)
      .waitFor();
    await page.context().close();
  });

  it('reports an unreachable API server, keeps the last state, and continues when it is back', async function () {
    this.timeout(120_000);
    const [namespace = ''] = fleet.namespaces;
    const { page } = await open(approving.url);
    await shown(page, `${TOTAL} of ${TOTAL} shown`);
    await cluster().stopApiServer('SIGKILL');
    await page
      .locator('#connection')
      .getByText('The API server has not been reachable since')
      .waitFor({ timeout: 30_000 });
    assert.equal(await page.locator('#table tbody tr').count(), TOTAL);
    await cluster().startApiServer();
    // Versions from before the compaction are 410 Gone for a watch.
    await cluster().compact();
    await page.locator('#connection').getByText('Live').waitFor({ timeout: 60_000 });
    await fleet.create('databasemigrations', namespace, 'later', MIGRATION_SPEC('later'), {
      conditions: [READY('UpToDate', 'fine', 'True')],
    });
    await row(page, 'later').getByText('Ready').waitFor({ timeout: 60_000 });
    await fleet.remove('databasemigrations', namespace, 'later');
    await page.context().close();
  });

  it('reports an unreachable server, reconnects to it, and asks for the key of a new one', async function () {
    this.timeout(60_000);
    const server = await start(cluster().kubeconfig, '--namespaces', fleet.namespaces.join(','));
    const { page } = await open(server.url);
    await shown(page, `${TOTAL} of ${TOTAL} shown`);
    server.child.kill();
    await once(server.child, 'exit');
    await page.locator('#connection').getByText('The connection to db-manager was lost').waitFor();
    assert.equal(await page.locator('#table tbody tr').count(), TOTAL);
    await start(cluster().kubeconfig, '--port', new URL(server.base).port);
    await page.locator('#connection').getByText('The key of this dashboard is missing').waitFor({ timeout: 30_000 });
    await page.context().close();
  });

  async function csrfOf({ base, key }: Running): Promise<string> {
    const stop = new AbortController();
    const response = await fetch(`${base}/events`, {
      headers: { authorization: `Bearer ${key}` },
      signal: stop.signal,
    });
    assert.ok(response.body);
    let text = '';
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      if (text.includes('\n')) break;
    }
    stop.abort();
    return (JSON.parse(text.split('\n')[0] ?? '') as { csrf: string }).csrf;
  }
});

/** A kubeconfig of a user who may read the resources of one namespace. */
async function readerOf(
  controlPlane: ControlPlane,
  namespace: string,
  { listNamespaces = false } = {},
): Promise<string> {
  const user = `reader-${namespace}-${listNamespaces}`;
  const resources =
    'databasemigrations.db-manager.dev,databasebackups.db-manager.dev,databasebackupschedules.db-manager.dev,databaserestores.db-manager.dev';
  await controlPlane.mustKubectl([
    'create',
    'role',
    user,
    '--verb=get,list,watch',
    `--resource=${resources}`,
    '-n',
    namespace,
  ]);
  await controlPlane.mustKubectl(['create', 'rolebinding', user, `--role=${user}`, `--user=${user}`, '-n', namespace]);
  if (listNamespaces) {
    await controlPlane.mustKubectl(['create', 'clusterrole', user, '--verb=list', '--resource=namespaces']);
    await controlPlane.mustKubectl(['create', 'clusterrolebinding', user, `--clusterrole=${user}`, `--user=${user}`]);
  }
  return controlPlane.kubeconfigFor({ user });
}

/** fetch sets Host itself. */
async function statusWithHost(base: string, host: string): Promise<number | undefined> {
  const sent = request(base, { headers: { host } });
  sent.end();
  const [response] = (await once(sent, 'response')) as [{ statusCode?: number; resume(): void }];
  response.resume();
  return response.statusCode;
}
