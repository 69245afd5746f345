import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { databaseMigrationSchema } from '../../src/core/model/resource.ts';
import { TOOL_VERSION } from '../../src/core/model/version.ts';
import { CHARTS, render } from '../charts/helm.ts';
import { mustRun } from '../support/processes.ts';
import { applicationChart, ORDERS } from './charts-fixtures.ts';
import { findHelm, findKubectl } from './clients.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { describeCluster } from './suite.ts';

const PAGES = [
  'operations/install',
  'guides/helm-hooks',
  'guides/argocd',
  'guides/flux',
  'operations/production',
  'concepts/threat-model',
  'reference/compatibility',
];
const ROOT = join(import.meta.dirname, '../..');

interface Block {
  language: string;
  text: string;
  /** The name of the file, from the comment in its first line. */
  file: string;
}

function blocksOf(page: string): Block[] {
  const text = readFileSync(join(ROOT, 'docs', `${page}.md`), 'utf8');
  return [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, language = '', body = '']) => ({
    language,
    text: body,
    file: /^# (.+)\n/.exec(body)?.[1] ?? '',
  }));
}

describeCluster('what the pages on installing show', () => {
  // One of its own: the pages install and delete what is there once a cluster.
  let own: ControlPlane;
  before(async () => {
    own = await startControlPlane();
  });
  after(() => own?.stop());

  for (const page of PAGES) {
    describe(`docs/${page}.md`, () => {
      before(async () => {
        if (page === 'operations/install') return;
        await own.mustKubectl(['apply', '--server-side', '--force-conflicts', '--filename=crds']);
        await own.kubectl(['create', 'namespace', 'shop']);
      });
      blocksOf(page).forEach((block, index) => {
        const title = `block ${index + 1}`;
        if (block.language === 'sh') it(`${title}: the commands work`, () => runCommands(own, block.text));
        else if (block.language === 'yaml')
          it(`${title}: ${block.file || 'the manifest'} is taken`, () => take(own, page, block));
        else it(title, () => assert.fail(`nobody tries a block of language "${block.language}"`));
      });
    });
  }

  it('leaves no page on installing untried', () => {
    const tried = PAGES.flatMap(blocksOf);
    assert.ok(tried.filter(({ language }) => language === 'sh').length >= 9);
    assert.ok(tried.filter(({ language }) => language === 'yaml').length >= 8);
  });
});

async function take(controlPlane: ControlPlane, page: string, { text, file }: Block): Promise<void> {
  if (file === 'values.yaml of the operator') {
    assert.ok((await render('db-manager', join(CHARTS, 'db-manager'), parse(text))).length > 5);
    return;
  }
  if (file === 'Chart.yaml') {
    const [dependency] = parse(text).dependencies;
    assert.deepEqual([dependency.name, dependency.version], ['db-migration', TOOL_VERSION]);
    return;
  }
  if (file === 'values.yaml') {
    const chart = await applicationChart({ '1_orders.sql': ORDERS });
    const values = parse(text);
    // Without the template of the page, the dependency renders alone.
    const target = values['db-migration'].renderedByParent === false ? join(CHARTS, 'db-migration') : chart;
    const objects = await render('shop', target, target === chart ? values : values['db-migration']);
    const manifests = objects.flatMap(({ data }) => (data?.['migration.yaml'] ? [parse(data['migration.yaml'])] : []));
    assert.ok(manifests.length > 0);
    for (const manifest of manifests) databaseMigrationSchema.parse(manifest);
    return;
  }
  if (file.startsWith('templates/')) {
    const chart = await applicationChart({ '1_orders.sql': ORDERS });
    await mkdir(dirname(join(chart, file)), { recursive: true });
    await writeFile(join(chart, file), text);
    // The longest name that Helm takes: names and labels that are made of it have to be short enough.
    for (const release of ['shop', 'l'.repeat(53)]) await dryRun(controlPlane, await render(release, chart));
    return;
  }
  assert.equal(file, '', `docs/${page}.md has a block of an unknown file`);
  const objects = parseAllDocuments(text).map((document) => document.toJS());
  for (const each of objects) databaseMigrationSchema.parse(each);
  await dryRun(controlPlane, objects);
}

async function dryRun(controlPlane: ControlPlane, items: object[]): Promise<void> {
  // Rendered for the namespace `team` of the other tests; here it is `shop` that exists.
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items }).replaceAll(
    '"namespace":"team"',
    '"namespace":"shop"',
  );
  await controlPlane.mustKubectl(['apply', '--dry-run=server', '--namespace=shop', '--filename=-'], { input });
}

/**
 * In a shell, as a reader types them. What waits for pods is left out, since none run here: the tests of the charts do
 * that. Namespaces and objects that the pages share may be there from a block before.
 */
async function runCommands({ kubeconfig, folder }: ControlPlane, text: string): Promise<void> {
  const lines = text
    .replaceAll('\\\n', ' ')
    .split(/\n(?! {2})/)
    .filter((line) => line.trim() !== '');
  const typed = lines.filter((line) => !/ (wait|rollout|logs|describe) /.test(line));
  const path = [dirname(await findKubectl()), dirname(await findHelm()), process.env.PATH].join(':');
  const env = { ...process.env, PATH: path, KUBECONFIG: kubeconfig, HOME: folder };
  for (const line of typed) {
    const again = /create (namespace|secret|configmap) (?!argocd-cm)/.test(line)
      ? `(${line}) 2>&1 | grep -E 'created|AlreadyExists'`
      : line;
    await mustRun('bash', ['-euc', again], { cwd: ROOT, env, timeoutMs: 120_000 });
  }
}
