/** Manifests and charts of the end-to-end tests. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { applicationChart as fixtureChart } from '../cluster/charts-fixtures.ts';
import { IMAGE } from './fixtures.ts';

export { BROKEN, MORE, NOTES, ORDERS } from '../cluster/charts-fixtures.ts';

const [, REPOSITORY = '', TAG = 'latest'] = /^(.+?)(?::([^:/]+))?$/.exec(IMAGE) ?? [];
const IMAGE_VALUES = { repository: REPOSITORY, tag: TAG };

/** Flags of `helm install` for the operator's chart: this image, this namespace. */
export function operatorValues(namespace: string): string[] {
  const set = Object.entries(IMAGE_VALUES).map(([name, value]) => `--set-string=image.${name}=${value}`);
  return [...set, `--set=watch.namespaces={${namespace}}`];
}

/** A DatabaseMigration and the ConfigMap that it reads. */
export function resource(
  name: string,
  files: Record<string, string>,
  database: object,
  /** More of the spec. */
  more: object = {},
): object[] {
  return [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `${name}-migrations` }, data: files },
    {
      apiVersion: 'db-manager.dev/v1alpha1',
      kind: 'DatabaseMigration',
      metadata: { name },
      spec: {
        database,
        migrations: { configMaps: [{ name: `${name}-migrations` }] },
        backup: { volume: { claimName: 'backups' } },
        ...more,
      },
    },
  ];
}

/** Arguments of `helm install`: the fixture's chart, with the image as the application, which only lives. */
export async function applicationChart(
  name: string,
  mode: string,
  files: Record<string, string>,
  version: string,
  /** More values of the dependency. */
  { spec = {}, ...more }: { spec?: object; rollback?: object } = {},
): Promise<string[]> {
  const chart = await fixtureChart(files);
  const file = join(chart, 'templates/deployment.yaml');
  const lives = [
    `image: ${IMAGE}`,
    'command: [node, -e, "setInterval(() => {}, 1000)"]',
    'env: [{name: VERSION, value: {{ .Values.image | quote }}}]',
  ];
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace('image: {{ .Values.image }}', lives.join('\n          ')));
  const values = {
    image: version,
    'db-migration': {
      mode,
      image: IMAGE_VALUES,
      ...more,
      spec: {
        ...spec,
        database: { urlFrom: { secretKeyRef: { name: `${name}-database`, key: 'url' } } },
        backup: { volume: { claimName: `${name}-backups` } },
      },
    },
  };
  await writeFile(join(chart, 'e2e.json'), JSON.stringify(values));
  return [chart, `--values=${join(chart, 'e2e.json')}`];
}
