import assert from 'node:assert/strict';
import { type ContainerPlan, rewritten } from './placement.ts';

const plan: ContainerPlan = {
  argv: ['sh', '-c', 'ls /data'],
  env: {},
  workingDir: '/data/sub',
  binds: [
    { source: '/tmp/claims/data', target: '/data', kind: 'folder', readOnly: false },
    { source: '/tmp/claims/backups', target: '/data/backups', kind: 'folder', readOnly: false },
    { source: '/tmp/pod/log', target: '/dev/termination-log', kind: 'file', readOnly: false },
  ],
  user: 0,
  group: 0,
  supplementalGroups: [],
  readOnlyRoot: false,
  noNewPrivileges: false,
  dropAllCapabilities: false,
  scratch: '/tmp/scratch',
};

describe('mount paths rewritten to local folders', () => {
  for (const [what, text, expected] of [
    ['finds a whole value', '/data', '/tmp/claims/data'],
    ['finds a file inside', '/data/x.db', '/tmp/claims/data/x.db'],
    ['finds the inner of two nested mounts', '/data/backups/b.dump', '/tmp/claims/backups/b.dump'],
    ['finds a path in a SQLite URL', 'sqlite:////data/x.db', 'sqlite:////tmp/claims/data/x.db'],
    [
      'finds paths in JSON',
      '{"path":"/data/x","log":"/dev/termination-log"}',
      '{"path":"/tmp/claims/data/x","log":"/tmp/pod/log"}',
    ],
    ['leaves a longer name alone', '/database /data-2 /data.old', '/database /data-2 /data.old'],
    ['leaves the end of another path alone', '/var/data https://host/data', '/var/data https://host/data'],
  ] as const) {
    it(what, () => {
      const { args, env } = rewritten({ ...plan, argv: ['run', text], env: { VALUE: text } });
      assert.deepEqual([args[0], env.VALUE], [expected, expected]);
    });
  }

  it('leaves the path of a volume alone that holds the path of another mount', () => {
    const binds = [
      ...plan.binds,
      { source: '/tmp/pod/temporary', target: '/tmp', kind: 'folder', readOnly: false } as const,
    ];
    const { args } = rewritten({
      ...plan,
      binds,
      argv: ['run', '/data/x.db', '/tmp/y', '{"log":"/dev/termination-log"}'],
    });
    assert.deepEqual(args, ['/tmp/claims/data/x.db', '/tmp/pod/temporary/y', '{"log":"/tmp/pod/log"}']);
  });

  it('name the file of the termination message to a process that knows only the usual path', () => {
    const binds = [...plan.binds, { source: '/tmp/pod/t', target: '/tmp', kind: 'folder', readOnly: false } as const];
    assert.equal(rewritten({ ...plan, binds }).env.DB_MANAGER_TERMINATION_LOG, '/tmp/pod/log');
    const env = { DB_MANAGER_TERMINATION_LOG: '/data/log' };
    assert.equal(rewritten({ ...plan, env }).env.DB_MANAGER_TERMINATION_LOG, '/tmp/claims/data/log');
  });

  it('starts in the folder behind the working directory', () => {
    assert.equal(rewritten(plan).cwd, '/tmp/claims/data/sub');
  });
});
