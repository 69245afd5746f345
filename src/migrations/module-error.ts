import { execFile } from 'node:child_process';
import { pathToFileURL } from 'node:url';

interface Place {
  line: number;
  column: number;
}

/** Where in the file an import failed; undefined if unknown, or if the error is in another file. */
export async function placeOfError(error: unknown, path: string): Promise<Place | undefined> {
  if (!(error instanceof Error)) return undefined;
  const stack = error.stack ?? '';
  const found = headPlace(stack, path) ?? framePlace(stack, path);
  if (found !== undefined || !(error instanceof SyntaxError)) return found;
  // Of a syntax error in an ES module Node keeps the place to itself, but its checker prints it.
  return headPlace(await check(path), path);
}

/** `/path/x.ts:3`, the line itself, and a caret: what Node puts above a syntax error's name. */
function headPlace(text: string, path: string): Place | undefined {
  const lines = text.split('\n');
  const at = lines.findIndex((line) => isHead(line, path));
  const line = /:(\d+)$/.exec(lines[at] ?? '')?.[1];
  if (line === undefined) return undefined;
  const caret = lines.slice(at + 1, at + 4).find((text) => /^\s*\^+\s*$/.test(text));
  return { line: Number(line), column: (caret?.indexOf('^') ?? 0) + 1 };
}

function isHead(line: string, path: string): boolean {
  const place = line.replace(/:\d+$/, '').replace(/\?checksum=[0-9a-f]*$/, '');
  return place !== line && (place === path || place === pathToFileURL(path).href);
}

/** The first frame of the stack that is in the file: an error thrown while the module ran. */
export function framePlace(stack: string, path: string): Place | undefined {
  for (const line of stack.split('\n')) {
    const [, place, row, column] =
      /^\s{1,20}at (?:.*\()?(.+?):(\d{1,9}):(\d{1,9})\)?$/.exec(line.slice(0, 4_000)) ?? [];
    if (place === undefined) continue;
    const clean = place.replace(/^async /, '').replace(/\?checksum=[0-9a-f]*$/, '');
    if (clean === path || clean === pathToFileURL(path).href) return { line: Number(row), column: Number(column) };
  }
  return undefined;
}

/** The output of `node --check`, which parses and runs nothing. It gets no environment: it needs none. */
function check(path: string): Promise<string> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['--check', path], { env: {}, timeout: 10_000 }, (_error, _stdout, stderr) => {
      resolve(stderr);
    });
  });
}
