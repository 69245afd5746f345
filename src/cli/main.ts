#!/usr/bin/env node
/**
 * Imports nothing before it has checked the version of Node.js: an older version fails at the first import that it does
 * not support, with a stack trace.
 */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < 22 || (major === 22 && minor < 19)) {
  process.stderr.write(
    `error: db-manager needs Node 22.19 or newer, and this is Node ${process.versions.node}. Install a newer one: https://nodejs.org/en/download\n`,
  );
  process.exitCode = 1;
} else {
  await (await import('./compile-cache.ts')).keepCompiledCode();
  await import('./start.ts');
}

export {};
