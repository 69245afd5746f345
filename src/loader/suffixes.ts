import { existsSync, readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** `x.JS?checksum=…`: a migration whose suffix Node does not know in that spelling. */
const MIGRATION = /^file:.*\.([cm]?)([jt])s(?=\?checksum=)/i;

let reading = false;

/** Lets Node import migrations with `.JS`, `.Ts` and the like as it does with the suffix in lower case. */
export function readAnySuffix(): void {
  if (reading) return;
  reading = true;
  registerHooks({
    load(url, context, next) {
      const [found, kind = '', language = ''] = MIGRATION.exec(url) ?? [];
      if (found === undefined || /\.[cm]?[jt]s$/.test(found)) return next(url, context);
      const format = formatOf(url, kind.toLowerCase());
      return next(url, { ...context, format: language.toLowerCase() === 't' ? `${format}-typescript` : format });
    },
  });
}

function formatOf(url: string, kind: string): 'module' | 'commonjs' {
  if (kind !== '') return kind === 'm' ? 'module' : 'commonjs';
  const path = fileURLToPath(url.replace(/\?.*$/, ''));
  const type = typeOfPackage(dirname(path));
  if (type !== undefined) return type;
  // As Node does without a type: by the syntax of the file.
  return /^\s*(?:import\b[\s{*'"\w]|export\s)/m.test(readFileSync(path, 'utf8')) ? 'module' : 'commonjs';
}

/** The type in the nearest package.json; undefined without a type or a file. */
export function typeOfPackage(folder: string): 'module' | 'commonjs' | undefined {
  const manifest = join(folder, 'package.json');
  if (existsSync(manifest)) {
    const { type } = JSON.parse(readFileSync(manifest, 'utf8')) as { type?: unknown };
    return type === 'module' || type === 'commonjs' ? type : undefined;
  }
  return dirname(folder) === folder ? undefined : typeOfPackage(dirname(folder));
}
