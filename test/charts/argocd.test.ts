import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from '../support/lifetime.ts';
import { findOnPath, mustRun } from '../support/processes.ts';

const HEALTH = join(import.meta.dirname, '../../deploy/argocd/health.lua');
const MODULE = join(import.meta.dirname, 'lua');

const condition = (type: string, status: string, reason: string) => ({ type, status, reason, message: 'why' });
const resource = (conditions: object[], { observed = 2, spec = {} } = {}) => ({
  metadata: { generation: 2 },
  spec,
  status: { observedGeneration: observed, conditions },
});

const CASES: [string, object, string][] = [
  ['new', { metadata: { generation: 1 }, spec: {} }, 'Progressing'],
  ['not processed yet', { metadata: { generation: 1 }, spec: {}, status: { observedGeneration: -1 } }, 'Progressing'],
  ['run by a sidecar', resource([], { spec: { execution: 'Sidecar' } }), 'Healthy'],
  ['Ready', resource([condition('Ready', 'True', 'Migrated')]), 'Healthy'],
  ['rolled back, and the older code can run', resource([condition('Ready', 'True', 'AheadOfFiles')]), 'Healthy'],
  [
    'rolled back, and the older code cannot run',
    resource([
      condition('Ready', 'False', 'IncompatibleMigration'),
      condition('Stalled', 'True', 'IncompatibleMigration'),
    ]),
    'Degraded',
  ],
  ['Ready for an older spec', resource([condition('Ready', 'True', 'Migrated')], { observed: 1 }), 'Progressing'],
  [
    'under way',
    resource([condition('Ready', 'False', 'Running'), condition('Reconciling', 'True', 'Running')]),
    'Progressing',
  ],
  [
    'given up',
    resource([condition('Ready', 'False', 'MigrationFailed'), condition('Stalled', 'True', 'MigrationFailed')]),
    'Degraded',
  ],
  ['to be approved', resource([condition('Ready', 'False', 'AwaitingApproval')]), 'Suspended'],
  ['suspended', resource([condition('Ready', 'False', 'Suspended')], { spec: { suspend: true } }), 'Suspended'],
];

describe('deploy/argocd/health.lua, in the Lua that Argo CD runs it in', function () {
  this.timeout(300_000);
  let lua: string;

  before(async function () {
    const go = findOnPath('go');
    if (!go) {
      if (process.env.CI === 'true') throw new Error('health.lua may not go untested on CI: there is no "go" on PATH');
      console.error('\n*** health.lua NOT TESTED: there is no "go" on PATH to build its interpreter with ***\n');
      return this.skip();
    }
    lua = join(await temporaryFolder('lua'), 'glua');
    await mustRun(go, ['build', '-o', lua, 'github.com/yuin/gopher-lua/cmd/glua'], {
      cwd: MODULE,
      env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly', GOWORK: 'off' },
      timeoutMs: 240_000,
    });
  });

  for (const [what, obj, expected] of CASES) {
    it(`returns ${expected} for a resource that is ${what}`, async () => {
      const script = join(await temporaryFolder('health'), 'case.lua');
      const ask = `obj = ${literal(obj)}\nlocal health = dofile(${JSON.stringify(HEALTH)})\nprint(health.status, health.message)\n`;
      await writeFile(script, ask);
      const [status, message] = (await mustRun(lua, [script])).trim().split('\t');
      assert.equal(status, expected);
      assert.ok(message);
    });
  }
});

/** A value as Argo CD passes it to Lua: objects and lists are tables. */
function literal(value: unknown): string {
  if (Array.isArray(value)) return `{${value.map(literal).join(', ')}}`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([key, each]) => `[${JSON.stringify(key)}] = ${literal(each)}`)
    .join(', ')}}`;
}
