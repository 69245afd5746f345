import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { customResourceDefinitions } from '../../scripts/generate/crd.ts';
import { databaseMigrationSchema } from '../../src/core/model/resource.ts';
import { CHARTS } from './helm.ts';

const CAPABILITIES = ['basic install', 'seamless upgrades', 'full lifecycle', 'deep insights', 'auto pilot'];
const CATEGORIES = ['ai-machine-learning', 'database', 'integration-delivery', 'monitoring-logging', 'networking'];

/** What Artifact Hub reads in Chart.yaml; a list is a text in YAML. */
function annotationsOf(chart: string): Record<string, string> {
  const { annotations } = parse(readFileSync(join(CHARTS, chart, 'Chart.yaml'), 'utf8'));
  for (const [name, value] of Object.entries(annotations)) assert.equal(typeof value, 'string', name);
  return annotations;
}

for (const chart of ['db-manager', 'db-migration']) {
  describe(`the annotations for Artifact Hub of ${chart}`, () => {
    const annotations = annotationsOf(chart);
    const list = (name: string) => parse(annotations[`artifacthub.io/${name}`] ?? '[]') as Record<string, string>[];

    it('have the values that Artifact Hub knows', () => {
      assert.ok(CATEGORIES.includes(annotations['artifacthub.io/category'] ?? ''));
      assert.equal(annotations['artifacthub.io/license'], 'Apache-2.0');
      const { 'artifacthub.io/operatorCapabilities': capabilities } = annotations;
      if (capabilities !== undefined) assert.ok(CAPABILITIES.includes(capabilities.toLowerCase()));
      for (const name of ['prerelease', 'operator'])
        assert.match(annotations[`artifacthub.io/${name}`] ?? 'false', /^(true|false)$/);
    });

    it('have links and recommendations with URLs', () => {
      assert.ok(list('links').length >= 3 && list('recommendations').length >= 1);
      for (const { name, url = '' } of list('links')) assert.ok(name !== '' && URL.canParse(url), url);
      for (const { url = '' } of list('recommendations'))
        assert.match(url, /^https:\/\/artifacthub\.io\/packages\/helm\/[\w-]+\/[\w-]+$/);
    });
  });
}

describe('the kinds of the operator for Artifact Hub', () => {
  const annotations = annotationsOf('db-manager');

  it('are those of crds/, with a name and a description', () => {
    const listed = parse(annotations['artifacthub.io/crds'] ?? '') as Record<string, string>[];
    assert.deepEqual(
      listed.map(({ kind, name, version }) => [kind, name, version]).sort(),
      customResourceDefinitions()
        .map(({ metadata, spec }) => [spec.names.kind, metadata.name, spec.versions[0]?.name])
        .sort(),
    );
    for (const { displayName, description } of listed) assert.ok(displayName && description);
  });

  it('have examples that the schema accepts', () => {
    const examples = parse(annotations['artifacthub.io/crdsExamples'] ?? '') as object[];
    assert.ok(examples.length > 0);
    for (const example of examples) databaseMigrationSchema.parse(example);
  });
});
