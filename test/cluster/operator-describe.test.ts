/** docs/operations/describe.md: the real output of `kubectl describe`, except for the parts that differ between runs. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { normalised, withoutSpec } from './described.ts';
import { ENDINGS, type Ending } from './operator-endings.ts';
import { type Ground, type Operator, openGround } from './operator-fixtures.ts';
import { configMap, furnish, migration, postgresDatabase, reasonOf } from './operator-resources.ts';
import { describeCluster } from './suite.ts';
import { TWELVE } from './twelve-migrations.ts';

const PAGE = join(import.meta.dirname, '../../docs/operations/describe.md');

const HEAD = `<!-- Generated from a real API server by test/cluster/operator-describe.test.ts; \`UPDATE_DOCS=1\` updates it. -->
# What \`kubectl describe\` shows

Ten typical results. Times, digests, sizes and generated names are replaced, and \`Spec\` is shown once.
\`Ready\` says what happened and \`Stalled\` what to do. \`Summary\` is also the column Status of \`kubectl get dbm\`.
[reasons.md](../reference/reasons.md) describes every reason.
`;

describeCluster('docs/operations/describe.md', (cluster) => {
  let ground: Ground;
  let operator: Operator;
  const shown = new Map<string, string>();

  before(async () => {
    ground = await openGround(cluster(), 'describe');
    await furnish(ground);
    operator = await ground.startOperator();
  });
  after(() => operator?.stop());

  for (const ending of ENDINGS) {
    it(`shows what the page shows: ${ending.title}`, async () => {
      shown.set(ending.title, section(ending, await describeAt(ending)));
      if (process.env.UPDATE_DOCS === '1') return;
      const page = await readFile(PAGE, 'utf8');
      assert.ok(page.includes(shown.get(ending.title) ?? ''), `run it with UPDATE_DOCS=1\n${shown.get(ending.title)}`);
    });
  }

  it('has exactly these endings', async () => {
    const text = [HEAD, ...ENDINGS.map(({ title }) => shown.get(title) ?? '')].join('\n');
    if (process.env.UPDATE_DOCS === '1') await writeFile(PAGE, text);
    assert.equal(await readFile(PAGE, 'utf8'), text);
  });

  it('fits in 120 lines for 12 migrations, with everything that the operator writes', async function () {
    this.timeout(180_000);
    const { spec } = await postgresDatabase('twelve');
    await ground.apply(configMap('twelve', TWELVE), migration('twelve', { ...spec, safety: { mode: 'Warn' } }));
    await ground.waitFor('twelve', 'Ready', 120);
    const text = await ground.run('describe', 'dbm', 'twelve');
    const { plan } = (await ground.resource('twelve')).status ?? {};
    assert.equal((plan?.migrations.length ?? 0) + (plan?.more ?? 0), 12);
    // The spec is what the user wrote, with its defaults.
    const lines = withoutSpec(text).trimEnd().split('\n');
    assert.ok(lines.length <= 120, `${lines.length} lines:\n${text}`);
    assert.doesNotMatch(text, /<nil>|\d\.\d{4,}/);
    for (const statement of Object.values(TWELVE).flatMap((each) => each.match(/ALTER TABLE .*(?=;)/g) ?? []))
      assert.ok(text.split(statement).length <= 2, `${statement} is shown more than once`);
  });

  async function describeAt({ name, prepare, reason }: Ending): Promise<string> {
    await prepare(ground);
    await ground.resourceWhen(name, reason, (each) => reasonOf(each) === reason, 60);
    // Its last event is written after the status.
    let text = '';
    for (let tries = 0; tries < 50; tries += 1) {
      text = await ground.run('describe', 'dbm', name);
      if (new RegExp(`(Normal|Warning) +${reason} `).test(text)) break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const story = normalised(text, ground.namespace);
    return name === ENDINGS[0]?.name ? story : withoutSpec(story);
  }
});

function section({ title, about, name }: Ending, text: string): string {
  return [`## ${title}`, '', about, '', '```console', `$ kubectl describe dbm ${name}`, text.trimEnd(), '```', ''].join(
    '\n',
  );
}
