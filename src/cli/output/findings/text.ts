import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Finding, Severity } from '../../../core/model/finding.ts';
import { count } from '../../../engine/run-text.ts';
import { renderExcerpt } from '../../../migrations/excerpt.ts';
import type { Io } from '../../io.ts';
import { paint } from '../paint.ts';

const COLOUR = { error: 'red', warning: 'yellow', notice: 'cyan' } as const satisfies Record<Severity, string>;

/** Findings for a person: the problem, its position with the line and a caret, and the alternative. `folder`: base of the positions. */
export async function renderFindings(findings: readonly Finding[], io: Io, folder: string): Promise<string> {
  const texts = new Map<string, Promise<string>>();
  const textOf = (file: string) => {
    const text = texts.get(file) ?? readFile(resolve(folder, file), 'utf8').catch(() => '');
    texts.set(file, text);
    return text;
  };
  const blocks: string[] = [];
  for (const finding of findings) blocks.push(await render(finding, io, textOf));
  return blocks.join('\n\n');
}

async function render(finding: Finding, io: Io, textOf: (file: string) => Promise<string>): Promise<string> {
  const { rule, severity, message, advice, migration, position } = finding;
  const colour = paint(io);
  const lines = [`${colour[COLOUR[severity]](severity)} ${colour.bold(rule)}: ${message}`];
  if (position !== undefined) {
    lines.push(`  at ${position.file}:${position.line}:${position.column}`);
    const excerpt = renderExcerpt(await textOf(position.file), position, Math.min(io.columns, 120));
    if (excerpt !== '') lines.push(excerpt.replaceAll(/^/gm, '  '));
  } else if (migration !== undefined) lines.push(`  in ${migration}`);
  lines.push(`  ${colour.dim('instead:')} ${advice}`);
  return lines.join('\n');
}

/** `2 errors, 1 warning and 3 notices`; `no findings` if there are none. */
export function countBySeverity(findings: readonly Finding[]): string {
  const parts = (['error', 'warning', 'notice'] as const).flatMap((severity) => {
    const n = findings.filter((one) => one.severity === severity).length;
    return n === 0 ? [] : [count(n, severity)];
  });
  return parts.length === 0 ? 'no findings' : parts.join(', ').replace(/, ([^,]*)$/, ' and $1');
}
