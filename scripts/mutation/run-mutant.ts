/**
 * Runs tests on a changed source file that only this process sees: `node run-mutant.ts SOURCE CHANGED TEST...`. Ends with
 * 0 where the tests pass, so that the change survives, and with 1 where one fails.
 */
import { readFileSync } from 'node:fs';
import { registerHooks, stripTypeScriptTypes } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import Mocha from 'mocha';
import { endWhenStuck } from './end-when-stuck.ts';
import { endWithParent } from './end-with-parent.ts';

const [source = '', changed = '', ...tests] = process.argv.slice(2);
const target = pathToFileURL(resolve(source)).href;
endWithParent();
endWhenStuck();
let loaded = false;
registerHooks({
  load(url, context, next) {
    if (url !== target) return next(url, context);
    loaded = true;
    return { format: 'module', source: stripTypeScriptTypes(readFileSync(changed, 'utf8')), shortCircuit: true };
  },
});
const mocha = new Mocha({ bail: true, timeout: 120_000, reporter: 'dot' });
for (const test of tests) mocha.addFile(resolve(test));
await mocha.loadFilesAsync();
if (!loaded) {
  console.error(`the tests do not load ${source}`);
  process.exit(2);
}
mocha.run((failures) => process.exit(failures === 0 ? 0 : 1));
