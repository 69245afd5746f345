import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { temporaryDatabase, temporaryFolder } from '../support/databases.ts';
import { findOnPath } from '../support/processes.ts';
import { hostedDbManager } from './process.ts';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const VIEWS = {
  'on a large screen': { viewport: { width: 1100, height: 900 } },
  'in the dark': { viewport: { width: 1100, height: 900 }, colorScheme: 'dark' },
  'on a phone': { viewport: { width: 360, height: 740 } },
} as const;

describe('the page of a run in Chromium', function () {
  this.timeout(180_000);
  const pages: Record<string, string> = {};
  let browser: Browser;

  before(async function () {
    const executablePath = findOnPath('chromium');
    if (executablePath === undefined) return this.skip();
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
    const folder = await temporaryFolder('browser');
    const versions = join(folder, 'migrations/versions');
    const env = { DATABASE_URL: (await temporaryDatabase('sqlite')).url };
    const run = async (name: string, file: string, sql: string) => {
      await writeFile(join(versions, file), sql);
      await hostedDbManager(['safe-migrate', '--migrations', versions, '--report', `${name}.html`], env, folder);
      pages[name] = pathToFileURL(join(folder, `${name}.html`)).href;
    };
    await mkdir(versions, { recursive: true });
    await run(
      'success',
      '1_a.sql',
      '-- migrate:up\nCREATE TABLE a (id integer PRIMARY KEY);\nCREATE TABLE b (id integer PRIMARY KEY, a_id integer NOT NULL REFERENCES a (id));\nINSERT INTO a VALUES (1);\n-- migrate:down\nDROP TABLE b;\nDROP TABLE a;\n',
    );
    await run(
      'failed',
      '2_b.sql',
      "-- migrate:up\nINSERT INTO a VALUES (1); -- <script>alert('no')</script>\n-- migrate:down\nSELECT 1;\n",
    );
    await run('refused', '3_c.sql', '-- migrate:up\nDROP TABLE b;\n-- migrate:down\nSELECT 1;\n');
  });

  after(() => browser?.close());

  async function open(
    name: string,
    view: keyof typeof VIEWS,
    bypassCSP = false,
  ): Promise<{ page: Page; wrong: string[] }> {
    const context = await browser.newContext({ ...VIEWS[view], bypassCSP });
    const page = await context.newPage();
    const wrong: string[] = [];
    page.on('console', (message) => message.type() === 'error' && wrong.push(message.text()));
    page.on('pageerror', (error) => wrong.push(String(error)));
    page.on('request', (request) => request.url().startsWith('file:') || wrong.push(request.url()));
    page.on('dialog', (dialog) => wrong.push(dialog.message()) && dialog.dismiss());
    await page.goto(pages[name] ?? '');
    return { page, wrong };
  }

  for (const name of ['success', 'failed', 'refused']) {
    for (const view of Object.keys(VIEWS) as (keyof typeof VIEWS)[]) {
      it(`of ${name} ${view}: no error, no request, nothing cut off, and accessible`, async () => {
        const { page, wrong } = await open(name, view);
        assert.match(await page.title(), /^(Succeeded|Failed|Blocked): /);
        assert.equal(
          await page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth'),
          false,
          'the page does not scroll sideways',
        );
        assert.deepEqual(wrong, []);
        await page.context().close();
        const checked = await open(name, view, true);
        await checked.page.addScriptTag({ path: AXE });
        await checked.page.evaluate('document.querySelectorAll("details").forEach((one) => { one.open = true; })');
        const result = (await checked.page.evaluate('axe.run()')) as {
          violations: { id: string; nodes: { target: string[] }[] }[];
          passes: object[];
        };
        assert.ok(result.passes.length > 10, 'axe has looked');
        assert.deepEqual(
          result.violations.map(({ id, nodes }) => [id, nodes.map(({ target }) => target.join(' '))]),
          [],
        );
        await checked.page.context().close();
      });
    }
  }

  it('zooms its diagram by button and by key, opens and closes the migrations, and follows its links', async () => {
    const { page, wrong } = await open('success', 'on a large screen');
    const width = async () => Number(await page.locator('.diagram svg').getAttribute('width'));
    const full = await width();
    for (const [button, check] of [
      ['Zoom in', (now: number) => now > full],
      ['Full size', (now: number) => now === full],
      ['Zoom out', (now: number) => now < full],
      ['Fit', (now: number) => now > 0],
    ] as const) {
      await page.getByRole('button', { name: button }).click();
      assert.ok(check(await width()), `${button}: ${await width()} of ${full}`);
    }
    await page.locator('.diagram').focus();
    await page.keyboard.press('0');
    assert.equal(await width(), full);
    await page.keyboard.press('+');
    assert.ok((await width()) > full);
    await page.context().close();

    const blocked = await open('failed', 'on a large screen');
    const openNow = () => blocked.page.evaluate('document.querySelectorAll("details[open]").length');
    const links = await blocked.page.locator('main a').all();
    assert.ok(links.length > 0);
    for (const link of links) {
      await link.click();
      const id = decodeURIComponent(new URL(blocked.page.url()).hash.slice(1));
      assert.equal(await blocked.page.locator(`[id="${id}"]`).count(), 1, id);
    }
    assert.equal(await openNow(), 1);
    assert.deepEqual([...wrong, ...blocked.wrong], []);
    await blocked.page.context().close();
  });

  it('breaks long names in its tables, and shows hostile ones as text', async () => {
    const folder = await temporaryFolder('browser-names');
    const name = `1_${'a'.repeat(150)}`;
    const table = `"${'w'.repeat(120)}"`;
    const hostile = `CREATE TABLE ${table} (id integer PRIMARY KEY, "</script><img src=x onerror=alert(1)>\u202e" text);`;
    await mkdir(join(folder, 'migrations'));
    await writeFile(
      join(folder, 'migrations', `${name}.sql`),
      `-- migrate:up\n${hostile}\n-- migrate:down\nDROP TABLE ${table};\n`,
    );
    const env = { DATABASE_URL: (await temporaryDatabase('sqlite')).url };
    await hostedDbManager(
      ['safe-migrate', '--migrations', join(folder, 'migrations'), '--report', 'r.html'],
      env,
      folder,
    );
    pages.names = pathToFileURL(join(folder, 'r.html')).href;
    const { page, wrong } = await open('names', 'on a large screen');
    assert.match(await page.title(), /^Succeeded: /);
    const cut = await page.evaluate(
      '[...document.querySelectorAll(".wide")].filter((one) => one.scrollWidth > one.clientWidth + 1).length',
    );
    assert.equal(cut, 0, 'no table is cut off');
    assert.equal(await page.locator('main img').count(), 0);
    assert.deepEqual(wrong, []);
    await page.context().close();
  });

  it('opens and closes all migrations by its buttons', async () => {
    const { page, wrong } = await open('refused', 'on a large screen');
    const opened = () => page.locator('details[open]').count();
    const all = await page.locator('details').count();
    assert.ok(all >= 2, `${all} migrations`);
    for (const [button, expected] of [
      ['Close all', 0],
      ['Open all', all],
      ['Close all', 0],
    ] as const) {
      await page.getByRole('button', { name: button }).click();
      assert.equal(await opened(), expected, button);
    }
    assert.deepEqual(wrong, []);
    await page.context().close();
  });

  it('prints with every migration open', async () => {
    const { page } = await open('success', 'on a large screen');
    await page.evaluate('document.querySelectorAll("details").forEach((one) => { one.open = false; })');
    const pdf = await page.pdf();
    assert.equal(pdf.subarray(0, 4).toString(), '%PDF');
    assert.equal(await page.locator('details:not([open])').count(), 0);
    await page.context().close();
  });
});
