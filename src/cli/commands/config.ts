import { defineCommand } from '../command.ts';
import { print } from '../output/print.ts';

interface EffectiveSetting {
  value: unknown;
  /** `option`, an environment variable, the file, or `default`. */
  source: string;
}

/** The effective settings and the source of each, never a password. */
export const config = defineCommand({
  name: 'config',
  group: 'This tool:',
  summary: 'show the effective settings and their sources; passwords are masked',
  examples: ['db-manager config', 'db-manager --config staging.yaml config'],
  async action(options, io) {
    const { displayTarget } = await import('../../core/model/database-url.ts');
    const { durationText } = await import('../../core/model/duration.ts');
    const { resolveOptions } = await import('../../library/settings.ts');
    const { renderTable } = await import('../output/table.ts');
    const { settings, sources, file } = await resolveOptions(options);
    const { databaseUrl: _, target, timeouts, ...rest } = settings;
    const values = leaves({
      ...(target === undefined ? {} : { databaseUrl: displayTarget(target) }),
      ...rest,
      timeouts: Object.fromEntries(Object.entries(timeouts).map(([name, ms]) => [name, durationText(ms)])),
    });
    const settled: Record<string, EffectiveSetting> = Object.fromEntries(
      values.map(([name, value]) => [name, { value, source: sources[name] ?? 'default' }]),
    );
    print(io, options, { file: file ?? null, settings: settled }, () => {
      const rows = Object.entries(settled).map(([name, { value, source }]) => [name, textOf(value), source]);
      const head = file === undefined ? 'No configuration file was found.' : file;
      return `${head}\n\n${renderTable(['SETTING', 'VALUE', 'SOURCE'], rows, io.columns)}`;
    });
  },
});

function leaves(tree: object, path = ''): [string, unknown][] {
  return Object.entries(tree).flatMap(([key, value]): [string, unknown][] => {
    const name = path === '' ? key : `${path}.${key}`;
    const isTree = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isTree ? leaves(value, name) : [[name, value]];
  });
}

function textOf(value: unknown): string {
  if (!Array.isArray(value)) return String(value);
  return value.map((one) => (typeof one === 'object' ? one.name : one)).join(', ') || 'none';
}
