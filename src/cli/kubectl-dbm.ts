#!/usr/bin/env node
/** kubectl runs this program for `kubectl dbm`. Imports nothing before it has checked the version of Node.js. */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < 22 || (major === 22 && minor < 19)) {
  process.stderr.write(
    `error: kubectl dbm needs Node 22.19 or newer, and this is Node ${process.versions.node}. Install a newer one: https://nodejs.org/en/download\n`,
  );
  process.exitCode = 1;
} else {
  await import('./plugin/start.ts');
}

export {};
