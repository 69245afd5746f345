import { basename, dirname } from 'node:path/posix';
import type { Problem } from '../core/model/problem.ts';

/** `x.undo`, `x_down`, `x-rollback`: how tools whose pairs are not read here name the file that reverts. */
const BACK = /^(.*?)([._-]?)(?:down|undo|rollback|revert)$/i;
/** Postgrator: `001.undo.users`, with `001.do.users` next to it. */
const NUMBERED_BACK = /^(\d+)\.undo(?:\.|$)/i;
/** In every name that one of the two patterns matches. */
const REVERTS = /down|undo|rollback|revert/i;
const FORWARD = ['up', 'do', 'apply', 'deploy', 'forward', 'migrate'];

/**
 * A file that by its name reverts another one of its folder. It would be run as a separate migration, right after the
 * other. `paths` are those of all migrations. Undefined if there is none; a `rollback.sql` alone is a migration.
 */
export function refuseCounterparts(paths: readonly string[]): Problem | undefined {
  if (!paths.some((path) => REVERTS.test(path))) return undefined;
  const stems = new Map(paths.map((path) => [stemOf(path).toLowerCase(), path]));
  for (const path of paths) {
    const forward = counterpart(path, stems);
    if (forward === undefined) continue;
    const [, number = ''] = /^(\d+)/.exec(basename(path)) ?? [];
    const name = `${number === '' ? '<number>' : number}_<name>`;
    return {
      reason: 'UnsupportedMigrations',
      message: `${path} reverts ${forward} by its name, and it would run as a separate migration. Name the two ${name}.up.sql and ${name}.down.sql, or leave it out with "exclude" in the configuration.`,
    };
  }
  return undefined;
}

/** Without the suffix. Pairs that are read, `x.up.sql` and `x.down.sql`, keep the suffix, so that they match nothing. */
function stemOf(path: string): string {
  return /\.(?:up|down)\.sql$/i.test(path) ? path : path.replace(/\.\w+$/, '');
}

function counterpart(path: string, stems: ReadonlyMap<string, string>): string | undefined {
  const folder = dirname(path);
  const stem = basename(stemOf(path)).toLowerCase();
  const at = (name: string) => stems.get(folder === '.' ? name : `${folder.toLowerCase()}/${name}`);
  const [, number] = NUMBERED_BACK.exec(stem) ?? [];
  if (number !== undefined) {
    const start = folder === '.' ? `${number}.do` : `${folder.toLowerCase()}/${number}.do`;
    return [...stems].find(([name]) => name === start || name.startsWith(`${start}.`))?.[1];
  }
  const [, base = '', separator = ''] = BACK.exec(stem) ?? [];
  if (base === '' || separator === '') return undefined;
  return at(base) ?? FORWARD.map((word) => at(`${base}${separator}${word}`)).find((found) => found !== undefined);
}
