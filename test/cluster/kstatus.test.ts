/** What kstatus computes for our resources on a real API server: Flux waits by it. No operator runs here. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { KINDS } from '../../src/kinds/index.ts';
import { temporaryFolder } from '../support/lifetime.ts';
import { findOnPath, mustRun } from '../support/processes.ts';
import { installCrd } from './operator-fixtures.ts';
import { describeCluster } from './suite.ts';
import { openRoom, type Room } from './workdir.ts';

const API_VERSION = 'db-manager.dev/v1alpha1';
const MODULE = join(import.meta.dirname, 'kstatus');
const place = { volume: { claimName: 'backups' } };
const database = { sqlite: { volume: { claimName: 'data' }, path: 'shop.db' } };
const MIGRATION = { database, migrations: { configMaps: [{ name: 'shop' }] }, backup: place };
const SPECS: Record<string, object> = {
  DatabaseMigration: MIGRATION,
  DatabaseBackup: { database, ...place },
  DatabaseBackupSchedule: { database, ...place, schedule: '0 3 * * *' },
  DatabaseRestore: { database, ...place, from: { latest: true }, confirm: 'shop.db' },
};

const condition = (type: string, status: string, reason: string) => ({
  type,
  status,
  reason,
  message: 'why',
  lastTransitionTime: '2026-01-01T00:00:00Z',
  observedGeneration: 1,
});
const at = (...conditions: object[]) => ({ observedGeneration: 1, conditions });

/** What the operator wrote last, the spec after that, and what kstatus makes of it. */
const CASES: [name: string, status: object, expected: string, spec?: object][] = [
  ['ready', at(condition('Ready', 'True', 'Migrated')), 'Current'],
  ['running', at(condition('Ready', 'False', 'Running'), condition('Reconciling', 'True', 'Running')), 'InProgress'],
  ['stalled', at(condition('Ready', 'False', 'LockHeld'), condition('Stalled', 'True', 'LockHeld')), 'Failed'],
  ['to-approve', at(condition('Ready', 'False', 'AwaitingApproval')), 'InProgress'],
  ['suspended', at(condition('Ready', 'False', 'Suspended')), 'InProgress'],
  ['sidecar', { observedGeneration: 1, summary: 'Sidecar' }, 'Current'],
  ['changed-since', at(condition('Ready', 'True', 'Migrated')), 'InProgress', { ...MIGRATION, target: '+1' }],
  ['only-notified', { conditions: [condition('Notified', 'True', 'Migrated')] }, 'InProgress'],
];

describeCluster('kstatus of our resources', (cluster) => {
  let room: Room;
  let kstatus: string;

  before(async function () {
    this.timeout(600_000);
    const go = findOnPath('go');
    if (!go) {
      if (process.env.CI === 'true') throw new Error('kstatus may not go untested on CI: there is no "go" on PATH');
      console.error('\n*** kstatus NOT TESTED: there is no "go" on PATH to build it with ***\n');
      return this.skip();
    }
    kstatus = join(await temporaryFolder('kstatus'), 'kstatus');
    await mustRun(go, ['build', '-o', kstatus, '.'], {
      cwd: MODULE,
      env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly', GOWORK: 'off' },
      timeoutMs: 540_000,
    });
    await installCrd(cluster());
    room = await openRoom(cluster(), 'kstatus');
  });

  const apply = (kind: string, name: string, spec: object) =>
    cluster().mustKubectl(
      ['apply', '--server-side', '--field-manager=kustomize-controller', `--namespace=${room.namespace}`, '-f', '-'],
      { input: JSON.stringify({ apiVersion: API_VERSION, kind, metadata: { name }, spec }) },
    );
  const get = async (kind: string, name: string) => JSON.parse(await room.run('get', kind, name, '--output=json'));
  const verdicts = async (objects: object[]) =>
    (await mustRun(kstatus, [], { input: JSON.stringify(objects) })).trim().split('\n');

  it('is InProgress for a new resource of every kind, until the operator has written a status', async function () {
    this.timeout(60_000);
    const kinds = ['DatabaseMigration', ...KINDS.map(({ kind }) => kind)];
    const objects = [];
    for (const kind of kinds) {
      await apply(kind, 'new', SPECS[kind] ?? {});
      objects.push(await get(kind, 'new'));
    }
    assert.deepEqual(
      objects.map(({ status }) => status),
      kinds.map(() => ({ observedGeneration: -1 })),
    );
    assert.deepEqual(
      await verdicts(objects),
      kinds.map(() => 'InProgress'),
    );
  });

  it('follows the conditions that the operator writes', async function () {
    this.timeout(60_000);
    const objects = [];
    for (const [name, status, , changed] of CASES) {
      await apply('DatabaseMigration', name, MIGRATION);
      const body = { apiVersion: API_VERSION, kind: 'DatabaseMigration', metadata: { name }, status };
      await cluster().mustKubectl(
        ['apply', '--server-side', '--subresource=status', `--namespace=${room.namespace}`, '-f', '-'],
        { input: JSON.stringify(body) },
      );
      if (changed !== undefined) await apply('DatabaseMigration', name, changed);
      objects.push(await get('DatabaseMigration', name));
    }
    const said = await verdicts(objects);
    assert.deepEqual(
      CASES.map(([name], index) => [name, said[index]]),
      CASES.map(([name, , expected]) => [name, expected]),
    );
  });
});
