/** What a person does in a cluster without a shell in a pod: each command is typed as the message of the resource has it. */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { TEST_PASSWORD } from '../support/postgres.ts';
import { type Ground, type Operator, openGround } from './operator-fixtures.ts';
import {
  condition,
  configMap,
  furnish,
  migration,
  postgresDatabase,
  reasonOf,
  secret,
  sqliteMigration,
} from './operator-resources.ts';
import { describeCluster } from './suite.ts';

const table = (name: string, columns = 'id integer PRIMARY KEY') =>
  `-- migrate:up\nCREATE TABLE ${name} (${columns});\n-- migrate:down\nDROP TABLE ${name};\n`;

describeCluster('actions in the cluster', (cluster) => {
  let ground: Ground;
  let operator: Operator;

  before(async () => {
    ground = await openGround(cluster(), 'actions');
    await furnish(ground);
    operator = await ground.startOperator();
  });
  after(() => operator?.stop());

  const shows = (name: string, reason: string, seconds = 60) =>
    ground.resourceWhen(name, reason, (each) => reasonOf(each) === reason, seconds);

  /** Types the command for one repair out of the message, word by word as a shell would. */
  async function typeRepair(message: string, action: string): Promise<void> {
    const [, words = ''] =
      new RegExp(`kubectl (annotate \\S+ \\S+ -n \\S+ \\S+=${action}:\\S+ --overwrite)`).exec(message) ?? [];
    assert.notEqual(words, '', message);
    await ground.controlPlane.mustKubectl(words.split(' '));
  }
  const stalled = async (name: string, reason: string) =>
    condition(await shows(name, reason), 'Stalled')?.message ?? '';

  it('accepts an edited file, and not its next edit', async () => {
    await ground.apply(configMap('edited', { '1_a.sql': table('a') }), sqliteMigration('edited'));
    await ground.waitFor('edited', 'Ready');
    await ground.apply(configMap('edited', { '1_a.sql': `-- a comment\n${table('a')}` }));
    await typeRepair(await stalled('edited', 'ChecksumMismatch'), 'accept-checksums');
    await ground.waitFor('edited', 'Ready');
    assert.match(
      condition(await ground.resource('edited'), 'Reachable')?.message ?? '',
      /history repaired \(accept-checksums\): 1 migration, 1_a/,
    );

    await ground.apply(configMap('edited', { '1_a.sql': `-- another comment\n${table('a')}` }));
    const next = await stalled('edited', 'ChecksumMismatch');
    await typeRepair(next, 'accept-checksums');
    await ground.waitFor('edited', 'Ready');
  });

  it('removes a migration whose file is missing, and resolves an interrupted one in either way', async () => {
    const { spec, rows } = await postgresDatabase('actions');
    const files = { '1_a.sql': table('a'), '2_b.sql': table('b'), '3_c.sql': table('c') };
    await ground.apply(
      configMap('history', files),
      migration('history', { ...spec, validation: { before: 'Disabled', after: 'Disabled' } }),
    );
    await ground.waitFor('history', 'Ready');
    const { '1_a.sql': _, ...without } = files;
    await ground.apply(configMap('history', without));
    await ground
      .run('patch', 'configmap', 'history', '--type=json', '--patch=[{"op":"remove","path":"/data/1_a.sql"}]')
      .catch(() => {});
    await typeRepair(await stalled('history', 'MissingMigration'), 'remove-missing');
    await ground.waitFor('history', 'Ready');
    const applied = async () =>
      (await rows('SELECT revision FROM db_manager_history ORDER BY revision')).map((row) => row.revision);
    assert.deepEqual(await applied(), ['2_b', '3_c']);

    const retry = () => ground.run('annotate', 'dbm', 'history', `db-manager.dev/retry=${Date.now()}`, '--overwrite');
    await rows("UPDATE db_manager_history SET state = 'started' WHERE revision = '3_c'");
    await retry();
    const message = await stalled('history', 'InterruptedMigration');
    assert.match(message, /=applied:\S+ --overwrite If nothing of it is applied: kubectl .*=not-applied:/);
    await typeRepair(message, 'applied');
    await ground.waitFor('history', 'Ready');
    assert.deepEqual(await applied(), ['2_b', '3_c']);

    await rows("UPDATE db_manager_history SET state = 'started', run_id = 'later' WHERE revision = '3_c'");
    await rows('DROP TABLE c');
    await retry();
    await typeRepair(await stalled('history', 'InterruptedMigration'), 'not-applied');
    await ground.waitFor('history', 'Ready');
    assert.deepEqual(await rows('SELECT count(*)::int AS n FROM c'), [{ n: 0 }]);
  });

  it('deletes old backups', async () => {
    const two = { '1_a.sql': table('a'), '2_b.sql': table('b') };
    await ground.apply(configMap('old', { '1_a.sql': table('a') }), sqliteMigration('old'));
    await ground.waitFor('old', 'Ready');
    await ground.apply(configMap('old', two));
    await ground.resourceWhen('old', 'at 2_b', ({ status }) => status?.currentRevision === '2_b');
    const folder = join(
      await ground.agent.claimFolder({ namespace: ground.namespace, name: 'backups' }),
      ground.namespace,
      'old',
    );
    const manifests = async () =>
      (await readdir(folder)).filter((name) => /^backup_.*\.json$/.test(name) && !name.includes('report'));
    const before = await manifests();
    assert.equal(before.length, 2, String(before));
    await ground.run(
      'patch',
      'dbm',
      'old',
      '--type=merge',
      // One edit, so that no run of the new retention alone is the third one of the history.
      '--patch={"metadata":{"annotations":{"db-manager.dev/prune":"1"}},"spec":{"backup":{"retain":{"last":1,"days":0}}}}',
    );
    await ground.resourceWhen(
      'old',
      'pruned',
      (each) =>
        each.status?.observedGeneration === each.metadata.generation &&
        condition(each, 'Ready')?.status === 'True' &&
        each.status?.run?.finishedAt !== undefined &&
        (each.status?.history?.length ?? 0) >= 3,
    );
    assert.deepEqual(await manifests(), before.slice(-1));
  });

  describe('after RetryLimitReached', () => {
    const failing = async (name: string, password: string, spec: object = {}) => {
      const database = await postgresDatabase('actions');
      const { postgres } = database.spec.database;
      await ground.apply(
        secret(name, { password }),
        configMap(name, { '1_a.sql': table('a') }),
        migration(name, {
          database: { postgres: { ...postgres, passwordFrom: { secretKeyRef: { name, key: 'password' } } } },
          retry: { limit: 0 },
          ...spec,
        }),
      );
      const failed = await shows(name, 'AuthenticationFailed');
      assert.equal(condition(failed, 'Stalled')?.reason, 'RetryLimitReached');
      assert.match(
        condition(failed, 'Stalled')?.message ?? '',
        /After a change of the Secret, an attempt starts automatically/,
      );
      return failed;
    };

    it('starts automatically once the Secret is corrected', async () => {
      await failing('late', 'wrong');
      await ground.apply(secret('late', { password: TEST_PASSWORD }));
      await ground.waitFor('late', 'Ready');
      assert.equal((await ground.resource('late')).status?.run?.attempt, 2);
    });

    it('starts automatically once a ConfigMap of its environment or its claim changes', async () => {
      const env = [{ name: 'SETTING', valueFrom: { configMapKeyRef: { name: 'settings', key: 'a' } } }];
      await ground.apply(configMap('settings', { a: '1' }));
      await failing('settings-of', 'wrong', { runner: { env } });
      const attempt = (n: number) =>
        ground.resourceWhen(
          'settings-of',
          `attempt ${n}`,
          ({ status }) => status?.run?.attempt === n && status.run.finishedAt !== undefined,
        );
      await ground.apply(configMap('settings', { a: '2' }));
      await attempt(2);
      await ground.run('annotate', 'pvc', 'backups', `example.com/resized=${Date.now()}`, '--overwrite');
      await attempt(3);
      assert.equal((await ground.jobs()).filter(({ metadata }) => metadata.name.startsWith('settings-of')).length, 3);
    });

    it('waits for a command where the operator may not get Secrets', async () => {
      const rules = JSON.parse(await ground.run('get', 'role', 'db-manager-operator', '--output=json')).rules as {
        resources: string[];
      }[];
      const at = rules.findIndex(({ resources }) => resources.includes('secrets'));
      assert.ok(at >= 0);
      await ground.run(
        'patch',
        'role',
        'db-manager-operator',
        '--type=json',
        `--patch=[{"op":"remove","path":"/rules/${at}"}]`,
      );
      const failed = await failing('unread', 'wrong');
      await ground.apply(secret('unread', { password: TEST_PASSWORD }));
      await new Promise((resolve) => setTimeout(resolve, 6_000));
      const still = await ground.resource('unread');
      assert.deepEqual(still.status?.run, failed.status?.run);
      const [, words = ''] = /kubectl (annotate .*retry=)/.exec(condition(still, 'Stalled')?.message ?? '') ?? [];
      await ground.controlPlane.mustKubectl([...words.split(' ').slice(0, -1), 'db-manager.dev/retry=1']);
      await ground.waitFor('unread', 'Ready');
      assert.doesNotMatch(await operator.log(), /reconcile failed/);
    });
  });
});
