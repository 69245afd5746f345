import assert from 'node:assert/strict';
import { specSchema } from '../../../src/core/model/resource-spec.ts';
import { type Placement, requestFromSpec } from '../../../src/core/reconcile/request.ts';

const PLACEMENT = { migrationsFolder: '/m', backupsFolder: '/b', urlVariable: 'DATABASE_URL' } as Placement;

describe('the request of a resource', () => {
  const request = (database: object) =>
    requestFromSpec(
      specSchema.parse({ database, migrations: { runnerImage: { path: '/m' } } }),
      { runId: 'r', attempt: 1 },
      PLACEMENT,
    );
  const url = { urlFrom: { secretKeyRef: { name: 'db', key: 'url' } } };

  it('creates a missing database only if the resource requests it', () => {
    assert.equal(request(url).create, undefined);
    assert.equal(request({ ...url, create: false }).create, false);
    assert.equal(request({ ...url, create: true }).create, true);
  });

  it('names the files that are read and left out', () => {
    const migrations = {
      runnerImage: { path: '/m' },
      include: ['versions/*.sql'],
      exclude: ['archive/**', '*.bak.sql'],
    };
    const made = requestFromSpec(
      specSchema.parse({ database: url, migrations }),
      { runId: 'r', attempt: 1 },
      PLACEMENT,
    );
    const { include, exclude } = migrations;
    assert.deepEqual(made.migrations, { path: '/m', include, exclude });
    assert.deepEqual(request(url).migrations, { path: '/m' });
  });

  it('refuses globs that are empty or longer than 200 characters', () => {
    for (const include of [[], [''], ['x'.repeat(201)]]) {
      const migrations = { runnerImage: { path: '/m' }, include };
      assert.equal(specSchema.safeParse({ database: url, migrations }).success, false);
    }
  });
});
