/** The regular expressions of src, and recheck's verdict on each (automata and fuzzing). */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import ts from 'typescript';
import { z } from 'zod';

const SOURCE = join(import.meta.dirname, '..', '..', 'src');

/**
 * The earlier verdicts of recheck. A verdict depends only on the expression and on recheck's version, and to find them
 * all takes a minute; an expression that is not here is checked when the tests run. `node scripts/patterns.ts` adds it.
 */
export const VERDICTS_FILE = join(import.meta.dirname, 'patterns.json');

const verdictsSchema = z.object({
  recheck: z.string(),
  /** Their time grows no faster than the text. */
  safe: z.array(z.string()),
  /** It grows faster, or recheck cannot decide. */
  growing: z.array(z.string()),
});
export type Verdicts = z.infer<typeof verdictsSchema>;

/** Each literal as it is written, with the files that have it. */
export function literals(): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const name of readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.ts')) continue;
    const file = ts.createSourceFile(name, readFileSync(join(SOURCE, name), 'utf8'), ts.ScriptTarget.Latest);
    const visit = (node: ts.Node) => {
      if (ts.isRegularExpressionLiteral(node)) found.set(node.text, [...(found.get(node.text) ?? []), name]);
      ts.forEachChild(node, visit);
    };
    visit(file);
  }
  return found;
}

/** Asks recheck about those without a verdict of this version of recheck. The expressions in their order. */
export async function judge(texts: Iterable<string>, known: Verdicts = readVerdicts()): Promise<Verdicts> {
  const version = recheckVersion();
  const verdicts: Verdicts = { recheck: version, safe: [], growing: [] };
  for (const text of [...texts].sort()) {
    const before = known.recheck === version ? verdictOf(text, known) : undefined;
    verdicts[isBounded(text) ? 'safe' : (before ?? (await ask(text)))].push(text);
  }
  return verdicts;
}

export function readVerdicts(): Verdicts {
  return verdictsSchema.parse(JSON.parse(readFileSync(VERDICTS_FILE, 'utf8')));
}

export const NOTHING_KNOWN: Verdicts = { recheck: '', safe: [], growing: [] };

function verdictOf(text: string, { safe, growing }: Verdicts): 'safe' | 'growing' | undefined {
  if (growing.includes(text)) return 'growing';
  return safe.includes(text) ? 'safe' : undefined;
}

/**
 * Every repetition has an upper limit and none is within another: what is tried at each place in a text is limited,
 * however long it is. (Fuzzing calls some of these growing, where the machine is busy.)
 */
export function isBounded(text: string): boolean {
  const shape = text.replace(/\\[\s\S]/g, 'x').replace(/\[[^\]]*\]/g, 'x');
  return !/[*+]|\{\d+,\}|\)\{/.test(shape);
}

async function ask(text: string): Promise<'safe' | 'growing'> {
  const { check } = await import('recheck');
  const end = text.lastIndexOf('/');
  // Limits by the clock ten times as long as recheck's own: on a busy machine, what takes long would pass for growing.
  const options = { timeout: 300_000, attackTimeout: 10_000, incubationTimeout: 2_500, randomSeed: 0 };
  const { status } = await check(text.slice(1, end), text.slice(end + 1), options);
  return status === 'safe' ? 'safe' : 'growing';
}

function recheckVersion(): string {
  return createRequire(import.meta.url)('recheck/package.json').version;
}
