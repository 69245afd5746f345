/** The real helm without a cluster: what a chart renders, or why it refuses. */
import { join } from 'node:path';
import type { KubernetesObject } from '@kubernetes/client-node';
import { parseAllDocuments } from 'yaml';
import { findHelm } from '../cluster/clients.ts';
import { type CommandResult, runCommand } from '../support/processes.ts';

export const CHARTS = join(import.meta.dirname, '../../charts');

/** A manifest of any kind, as JSON.parse would give it; a path that is not there is undefined and fails the test. */
export type Rendered = KubernetesObject & Record<string, ReturnType<typeof JSON.parse>>;

export async function helm(...args: string[]): Promise<CommandResult> {
  return runCommand(await findHelm(), args);
}

/** Every object of a rendering, hooks too; throws with helm's own words. */
export async function render(release: string, chart: string, values: object = {}, ...args: string[]) {
  const { code, stdout, stderr } = await template(release, chart, values, ...args);
  if (code !== 0) throw new Error(stderr);
  return parseAllDocuments(stdout)
    .map((document) => document.toJS() as Rendered | null)
    .filter((found) => found !== null);
}

/** Why helm refuses these values. Throws where it takes them. */
export async function refusal(chart: string, values: object): Promise<string> {
  const { code, stderr } = await template('shop', chart, values);
  if (code === 0) throw new Error(`helm took ${JSON.stringify(values)}`);
  return stderr;
}

export function only(objects: Rendered[], kind: string, name?: string): Rendered {
  const found = objects.filter((each) => each.kind === kind && (name === undefined || each.metadata?.name === name));
  const [one] = found;
  if (one === undefined || found.length > 1) throw new Error(`${found.length} objects are a ${kind} ${name ?? ''}`);
  return one;
}

async function template(release: string, chart: string, values: object, ...args: string[]): Promise<CommandResult> {
  const all = ['template', release, chart, '--namespace=team', '--values=-', ...args];
  return runCommand(await findHelm(), all, { input: JSON.stringify(values) });
}
