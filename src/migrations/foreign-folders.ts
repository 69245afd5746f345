import { basename, dirname } from 'node:path/posix';
import type { Problem } from '../core/model/problem.ts';
import { isForeign } from './names.ts';

/** A tool whose folders are known by their names, and what its user can do. */
interface ForeignTool {
  tool: string;
  /** Takes a path relative to the folder. */
  is(path: string): boolean;
  advice: string;
  /** A file that may be next to migrations which run here: it decides only if there are none. */
  companion?: true;
}

/** The two options for migrations in a language that db-manager does not run. */
const twoWays = (print: string, mark = 'db-manager migrate stamp head') =>
  `Print their SQL (${print}) into .sql files in a separate folder, or start with one dump of the schema there. Then mark the applied ones: ${mark}`;

const named = (pattern: RegExp) => (path: string) => pattern.test(basename(path));

/** In this order: the first that knows a file of the folder is named. */
const TOOLS: readonly ForeignTool[] = [
  {
    tool: 'Diesel or Hasura',
    is: (path) => basename(path) === 'up.sql' && dirname(path) !== '.',
    advice:
      'Make each folder one pair: find . -mindepth 2 \\( -name up.sql -o -name down.sql \\) | while read f; do d=$(dirname "$f"); mv "$f" "$d.$(basename "$f")"; rmdir "$d" 2>/dev/null; done',
  },
  {
    tool: 'Sqitch',
    is: named(/^sqitch\.plan$/),
    companion: true,
    advice:
      'Copy each deploy script and its revert script to <number>_<name>.up.sql and <number>_<name>.down.sql, numbered as in sqitch.plan, then mark the applied ones: db-manager migrate stamp head',
  },
  {
    tool: 'Liquibase',
    is: named(/(?:^|[.\-_])(?:db\.)?changelog\b.*\.(?:xml|ya?ml|json|sql)$|^changeset.*\.xml$|\.changelog\./i),
    advice: twoWays('liquibase update-sql'),
    companion: true,
  },
  { tool: 'Rails', is: named(/^\d{14}_\w+\.rb$/), advice: twoWays('or keep db/structure.sql: rails db:schema:dump') },
  {
    tool: 'Alembic',
    is: (path) => /^(?:env\.py|script\.py\.mako|alembic\.ini)$/.test(basename(path)) || ALEMBIC.test(basename(path)),
    advice: twoWays('alembic upgrade base:head --sql', 'db-manager adopt --from alembic'),
    companion: true,
  },
  { tool: 'Django', is: named(/^\d{4}_\w+\.py$/), advice: twoWays('python manage.py sqlmigrate <app> <name>') },
  {
    tool: 'Laravel',
    is: named(/^\d{4}_\d\d_\d\d_\d{6}_\w+\.php$/),
    advice: twoWays('php artisan migrate --pretend'),
  },
  { tool: 'Doctrine', is: named(/^Version\d+\.php$/), advice: twoWays('migrations:migrate --write-sql') },
  { tool: 'Phinx', is: named(/^\d{14}_\w+\.php$/), advice: twoWays('phinx migrate --dry-run') },
  { tool: 'Ecto', is: named(/^\d+_\w+\.exs$/), advice: twoWays('mix ecto.migrate --log-migrations-sql') },
  {
    tool: 'Entity Framework Core',
    is: named(/^\d{14}_\w+\.cs$|ModelSnapshot\.cs$/),
    advice: twoWays('dotnet ef migrations script'),
  },
  {
    tool: 'Flyway in Java or Kotlin',
    is: named(/^[VUBR][\d._]*__\w+\.(?:java|kt|class|groovy|scala)$/),
    advice: 'Write each as .sql under the same version, or as .ts; then: db-manager adopt --from flyway',
  },
  {
    tool: 'goose in Go',
    is: named(/^\d+_\w+(?<!_test)\.go$/),
    advice: 'Write each as .sql or .ts under the same number; then: db-manager adopt --from goose',
  },
  {
    tool: 'Refinery or SeaORM',
    is: named(/^(?:[VU]\d+__|m\d{8}_\d{6}_)\w+\.rs$/),
    advice: twoWays('with its own log'),
  },
];

/** `ae1027a6acf_add_orders.py`, and the dated names of newer templates. */
const ALEMBIC =
  /^(?:\d{4}_\d\d_\d\d_\d{4}-|[\dT_-]*[_-])?(?=[0-9a-f]*[a-f])[0-9a-f]{10,40}_\w*\.py$|^[0-9a-f]{12}_\w*\.py$/;

/**
 * One sentence for a folder, or for files in it, that another tool wrote and only that tool runs; undefined if there
 * are none. Files with a number in front are always refused: if they were left out, they would be missing. `alone`:
 * nothing in the folder runs here.
 */
export function refuseForeign(all: readonly string[], folder: string, alone: boolean): Problem | undefined {
  const paths = all.filter((path) => !OWN.test(path) || OF_A_TOOL.test(path));
  if (paths.length === 0) return undefined;
  for (const { tool, is, advice, companion } of TOOLS) {
    if (companion && !alone) continue;
    const found = paths.filter(is);
    const [first] = found;
    if (first === undefined) continue;
    const why = isForeign(first) ? `${suffix(first)} files are not supported` : 'they cannot be run unchanged';
    return problem(`${folder} contains migrations of ${tool} (${withMore(first, found)}): ${why}. ${advice}.`);
  }
  const rest = paths.filter((path) => NUMBERED.test(basename(path)) && isForeign(path));
  const [first] = rest;
  if (first === undefined) return undefined;
  return problem(
    `${withMore(first, rest)}: ${suffix(first)} files are not supported. Write them as .sql, .ts or .js, or leave them out with "exclude" in the configuration.`,
  );
}

/** Of thousands of files, most need no look at the name for each tool: they run here, and only two tools use such names. */
const OWN = /\.(?:[cm]?[jt]s|sql)$/;
const OF_A_TOOL = /changelog|\/up\.sql$/i;

const NUMBERED = /^(?:\d+[_-]|[VUB]\d[\d._]*__|R__)/;

function withMore(first: string, all: readonly string[]): string {
  return all.length === 1 ? first : `${first} and ${all.length - 1} more`;
}

function suffix(path: string): string {
  return path.slice(path.lastIndexOf('.'));
}

function problem(message: string): Problem {
  return { reason: 'UnsupportedMigrations', message };
}
