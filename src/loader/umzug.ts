import { createRequire, Module } from 'node:module';
import { dirname, join } from 'node:path';

/**
 * Loads Umzug without its command line, which is loaded when it is used: 200 modules. Measured with a warm compile
 * cache: 0.05 s of processor time and 48 MiB instead of 0.12 s and 65 MiB, in every run that applies a migration. If a
 * later version has the command line in another file, it is loaded with the rest.
 */
export function loadUmzug(): Pick<typeof import('umzug'), 'MigrationError' | 'Umzug'> {
  const require = createRequire(import.meta.url);
  const file = join(dirname(require.resolve('umzug')), 'cli.js');
  const later = Object.defineProperty({}, 'UmzugCLI', {
    enumerable: true,
    get() {
      delete require.cache[file];
      return require(file).UmzugCLI;
    },
  });
  require.cache[file] ??= Object.assign(new Module(file), { loaded: true, exports: later });
  return require('umzug');
}
