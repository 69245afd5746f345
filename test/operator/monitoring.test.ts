import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { REASONS } from '../../src/core/model/reason.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { metricsUsed } from './promql.ts';

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

interface Dashboard {
  panels: { title: string; type: string; targets?: { expr: string }[] }[];
  templating: { list: { definition?: string }[] };
}

const rules = (parse(read('deploy/prometheus/rules.yaml')) as RuleFile).groups.flatMap((group) => group.rules);
const dashboard = JSON.parse(read('deploy/grafana/db-manager.json')) as Dashboard;
const expressions = [
  ...rules.map(({ alert, expr }) => ({ where: `the alert ${alert}`, expr })),
  ...dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({ where: `the panel ${title}`, expr })),
  ),
];

interface RuleFile {
  groups: { rules: { alert: string; expr: string; annotations: Record<string, string> }[] }[];
}

/** Every series that the operator exports, with its labels; histograms have three names. */
function told(): Map<string, string[]> {
  const { registry } = createMetrics({
    version: '0',
    resources: () => [],
    schedules: () => [],
    queueDepth: () => 0,
    leading: () => true,
  });
  return new Map(
    registry.getMetricsAsArray().flatMap((metric): [string, string[]][] => {
      const labels = 'labelNames' in metric ? (metric.labelNames as string[]) : [];
      const names = String(metric.type) === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
      return names.map((suffix) => [`${metric.name}${suffix}`, suffix === '_bucket' ? [...labels, 'le'] : labels]);
    }),
  );
}

// What Prometheus adds to every series that it scrapes.
const SCRAPED = ['instance', 'job', 'pod'];

describe('the dashboard and the alert rules', () => {
  const known = told();

  for (const { where, expr } of expressions) {
    it(`use metrics and labels that exist: ${where}`, () => {
      const used = metricsUsed(expr);
      assert.ok(used.length > 0, `no metric was found in ${expr}`);
      for (const { name, labels } of used) {
        const ofMetric = known.get(name);
        assert.ok(ofMetric, `${name} is told by nobody`);
        assert.deepEqual(
          labels.filter((label) => !ofMetric.includes(label) && !SCRAPED.includes(label)),
          [],
          `${name} has no such label`,
        );
      }
    });
  }

  it('name reasons that exist', () => {
    const named = expressions.flatMap(({ expr }) =>
      [...expr.matchAll(/reason=~?"([^"]+)"/g)].flatMap(([, words = '']) => words.split('|')),
    );
    assert.ok(named.length > 3);
    assert.deepEqual(
      named.filter((word) => !(word in REASONS)),
      [],
    );
  });

  it('show every metric of the operator somewhere', () => {
    const shown = new Set(
      expressions.flatMap(({ expr }) => metricsUsed(expr).map(({ name }) => name.replace(/_(bucket|sum|count)$/, ''))),
    );
    const own = [...known.keys()].filter((name) => name.startsWith('db_manager_'));
    const missing = own.map((name) => name.replace(/_(bucket|sum|count)$/, '')).filter((name) => !shown.has(name));
    assert.deepEqual(missing, []);
  });

  it('find a metric that does not exist, so that the tests above can fail', () => {
    const [wrong] = metricsUsed('sum by (reason) (rate(db_manager_rums_total{result="x"}[5m])) / 2 > bool 1');
    assert.deepEqual(wrong, { name: 'db_manager_rums_total', labels: ['result'] });
    assert.equal(known.has('db_manager_rums_total'), false);
  });
});

describe('docs/operations/monitoring.md', () => {
  const page = read('docs/operations/monitoring.md');

  it('names every metric there is with its labels, and none that there is not', () => {
    const rows = [...page.matchAll(/^\| `(db_manager_\w+)` \|([^|]*)\|/gm)];
    const documented = rows.map(([, name, labels = '']) => [name, labels.trim()]);
    const own = [...told()]
      .filter(([name]) => name.startsWith('db_manager_') && !/_(sum|count)$/.test(name))
      .map(([name, labels]) => [name.replace(/_bucket$/, ''), labels.filter((label) => label !== 'le').join(', ')]);
    assert.deepEqual(documented.sort(), own.sort());
  });

  it('lists an action for every alert, and each alert has a command to type', () => {
    const documented = [...page.matchAll(/^\| `(\w+)` \| \S/gm)].map(([, name]) => name).filter(isAlert);
    assert.deepEqual(documented.sort(), rules.map(({ alert }) => alert).sort());
    for (const { alert, annotations } of rules) {
      assert.ok(annotations.summary && annotations.description, alert);
    }
  });
});

function isAlert(name: string | undefined): boolean {
  return /^(Database(Migration|Backup)|DbManager)/.test(name ?? '');
}
