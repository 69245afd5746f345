import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';

/**
 * The arrows of the house: which room may import which. A room is the longest of these prefixes that a file's
 * path starts with. Every import inside src is checked; one that is not listed fails.
 */
const ARROWS: Record<string, { rooms: string[]; packages: string[] }> = {
  'core/model': { rooms: [], packages: ['zod'] },
  'core/planning': { rooms: ['core/model'], packages: [] },
  'core/schema': { rooms: ['core/model'], packages: [] },
  'core/safety': { rooms: ['core/model', 'core/planning', 'core/schema'], packages: [] },
  'core/reconcile': { rooms: ['core/model'], packages: [] },
  // Who calls code that others wrote goes through it, wherever the call is made.
  author: { rooms: ['core/model'], packages: [] },
  migrations: {
    rooms: ['author', 'migrations/lend-packages.ts', 'core/model', 'core/planning', 'core/schema', 'core/safety'],
    packages: ['*'],
  },
  'migrations/lend-packages.ts': { rooms: [], packages: [] },
  models: { rooms: ['author', 'core/model', 'core/schema', 'migrations/lend-packages.ts'], packages: ['sequelize'] },
  database: {
    rooms: ['author', 'core/model', 'core/planning', 'core/schema', 'database/port.ts'],
    packages: ['sequelize', 'pg', 'sqlite3', 'umzug'],
  },
  'database/port.ts': { rooms: ['core/model'], packages: [] },
  backups: { rooms: ['core/model', 'database/port.ts'], packages: [] },
  runner: {
    rooms: [
      'core/model',
      'core/planning',
      'core/schema',
      'core/safety',
      'migrations',
      'models',
      'database/port.ts',
      'backups',
    ],
    packages: [],
  },
  library: {
    rooms: [
      'author',
      'core/model',
      'core/planning',
      'core/schema',
      'core/safety',
      'migrations',
      'models',
      'database',
      'database/port.ts',
      'backups',
      'runner',
    ],
    packages: ['sequelize', 'zod', 'yaml'],
  },
  kubernetes: { rooms: ['core/model', 'core/reconcile'], packages: ['@kubernetes/client-node'] },
  telemetry: { rooms: ['core/model'], packages: ['winston', 'prom-client', 'logform', 'triple-beam'] },
  cli: { rooms: ['*'], packages: ['*'] },
  'index.ts': { rooms: ['*'], packages: [] },
};

/** Core may hash; it may not read files, clocks or the environment. */
const BUILTINS_OF_CORE = ['node:crypto'];

const SOURCE = join(import.meta.dirname, '..', 'src');

describe('the architecture', () => {
  const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.split(sep).join('/'));

  it('has a room for every file', () => {
    assert.deepEqual(
      files.filter((file) => roomOf(file) === undefined),
      [],
    );
  });

  it('has no import against the arrows', () => {
    assert.deepEqual(files.flatMap(violations), []);
  });

  it('lets only database/umzug.ts import umzug', () => {
    assert.deepEqual(
      files.filter((file) => importsOf(file).includes('umzug')),
      ['database/umzug.ts'],
    );
  });

  it('lets core read no clock, no environment and no file', () => {
    const forbidden = /\bprocess\.|\bDate\.now\(|new Date\(\)|Math\.random\(|\bconsole\./;
    const core = files.filter((file) => file.startsWith('core/'));
    assert.ok(core.length > 10);
    assert.deepEqual(
      core.filter((file) => forbidden.test(withoutComments(readFileSync(join(SOURCE, file), 'utf8')))),
      [],
    );
  });

  it('keeps files under 300 lines', () => {
    const long = files.filter((file) => readFileSync(join(SOURCE, file), 'utf8').split('\n').length > 300);
    assert.deepEqual(long, []);
  });
});

function violations(file: string): string[] {
  const room = roomOf(file);
  if (room === undefined) return [];
  const { rooms, packages } = ARROWS[room] ?? { rooms: [], packages: [] };
  return importsOf(file).flatMap((specifier) => {
    if (specifier.startsWith('.')) {
      const target = relative(SOURCE, join(SOURCE, dirname(file), specifier))
        .split(sep)
        .join('/');
      const to = roomOf(target);
      const allowed = to === room || rooms.includes('*') || (to !== undefined && rooms.includes(to));
      return allowed ? [] : [`${file} imports ${target}`];
    }
    if (isBuiltin(specifier)) {
      const allowed = !file.startsWith('core/') || BUILTINS_OF_CORE.includes(specifier);
      return allowed ? [] : [`${file} imports ${specifier}`];
    }
    const name = specifier
      .split('/')
      .slice(0, specifier.startsWith('@') ? 2 : 1)
      .join('/');
    return packages.includes('*') || packages.includes(name) ? [] : [`${file} imports ${name}`];
  });
}

function roomOf(file: string): string | undefined {
  return Object.keys(ARROWS)
    .filter((room) => file === room || file.startsWith(`${room}/`))
    .sort((a, b) => b.length - a.length)[0];
}

function importsOf(file: string): string[] {
  const text = withoutComments(readFileSync(join(SOURCE, file), 'utf8'));
  const statements = text.matchAll(
    /^\s*(?:import|export)\s[^;'"]*?from\s+['"]([^'"]+)['"]|^import\s+['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/gm,
  );
  return [...statements].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
}
