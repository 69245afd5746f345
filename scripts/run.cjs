'use strict';
/**
 * Runs a script of this folder: `node scripts/run.cjs test --unit` runs scripts/test.ts. This file is plain JavaScript
 * for old versions of Node.js, so that they print one sentence and not the stack trace of a syntax error.
 */
var path = require('path');
var url = require('url');
var fs = require('fs');

var root = path.join(__dirname, '..');
var wanted = /\d+\.\d+/.exec(JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')).engines.node)[0];

function isOlder(version, than) {
  var a = version.split('.').map(Number);
  var b = than.split('.').map(Number);
  return a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]);
}

// The variable is for the test of this sentence.
var version = process.env.DB_MANAGER_PRETEND_NODE || process.versions.node;
if (isOlder(version, wanted)) {
  console.error(
    'This is Node.js ' +
      version +
      ', and db-manager needs ' +
      wanted +
      ' or newer. Nothing was run.\n' +
      'Install it (nvm install), or use the one that npm ci puts into node_modules/.bin: npm ci && npm test',
  );
  process.exit(1);
}
var script = path.join(__dirname, `${process.argv[2]}.ts`);
process.argv.splice(1, 2, script);
import(url.pathToFileURL(script).href).catch((error) => {
  console.error(error);
  process.exit(1);
});
