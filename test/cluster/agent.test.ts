import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { eventually } from '../support/processes.ts';
import { type Agent, sharedAgent } from './agent.ts';
import { findKubectl } from './clients.ts';
import { job, pod } from './manifests.ts';
import { describeCluster } from './suite.ts';
import { openRoom, type Room, statusOf } from './workdir.ts';

const SHELL = 'shell:test';

describeCluster('the agent in place of the kubelet', (cluster) => {
  let agent: Agent;
  let room: Room;
  before(async () => {
    agent = await sharedAgent();
    agent.setImage(SHELL, { command: ['/bin/sh', '-c'] });
  });
  beforeEach(async () => {
    room = await openRoom(cluster(), 'agent');
  });

  const shell = (script: string) => ({ image: SHELL, args: [script] });
  const ended = (name: string) =>
    room.podWhen(name, 'ended', ({ status }) => status?.phase === 'Succeeded' || status?.phase === 'Failed');
  const running = (name: string) => room.podWhen(name, 'running', (found) => !!statusOf(found)?.state?.running);
  const named = (name: string) => ({ namespace: room.namespace, name });

  it('runs a Job to Complete, with its log and its termination message', async () => {
    await room.create(job('hello', shell('echo "hello from $HOSTNAME"; echo done > /dev/termination-log')));
    await room.run('wait', '--for=condition=Complete', 'job/hello', '--timeout=20s');
    const { metadata } = await room.podOf('hello');
    assert.equal(await room.run('logs', 'job/hello'), `hello from ${metadata?.name}\n`);
    const terminated = statusOf(await room.podOf('hello'))?.state?.terminated;
    assert.equal(terminated?.message, 'done\n');
    assert.equal(terminated?.reason, 'Completed');
  });

  it('fails a Job whose process fails, with the exit code, and with the log as its message if the policy requests it', async () => {
    const main = { ...shell('echo no such table >&2; exit 3'), terminationMessagePolicy: 'FallbackToLogsOnError' };
    await room.create(job('fails', main));
    await room.run('wait', '--for=condition=Failed', 'job/fails', '--timeout=20s');
    const terminated = statusOf(await room.podOf('fails'))?.state?.terminated;
    assert.equal(terminated?.exitCode, 3);
    assert.equal(terminated?.reason, 'Error');
    assert.equal(terminated?.message, 'no such table\n');
  });

  it('cuts a termination message at 4096 bytes, and reads it from the path the container names', async () => {
    const main = { ...shell('head -c 5000 /dev/zero | tr "\\0" x > /tmp/why'), terminationMessagePath: '/tmp/why' };
    await room.create(pod('long', main));
    assert.equal(statusOf(await ended('long'))?.state?.terminated?.message, 'x'.repeat(4096));
  });

  it('lets kubectl logs follow lines as they come, and end with the container', async () => {
    await room.create(
      pod('talks', shell('echo one; echo two; while [ ! -e /tmp/go ]; do sleep 0.05; done; echo three')),
    );
    await running('talks');
    const args = ['logs', 'talks', '--follow', `--namespace=${room.namespace}`, `--kubeconfig=${cluster().kubeconfig}`];
    const follower = spawn(await findKubectl(), args);
    let seen = '';
    follower.stdout.on('data', (chunk: Buffer) => {
      seen += chunk.toString();
    });
    await eventually('the first lines', () => seen === 'one\ntwo\n');
    assert.equal(await room.run('logs', 'talks', '--tail=1'), 'two\n');
    assert.match(await room.run('logs', 'talks', '--timestamps', '--since=1m'), /^\d{4}-\d\d-\d\dT\S+Z one\n/);
    agent.killProcess(named('talks'), 'SIGTERM');
    const code = await new Promise((resolve) => follower.once('close', resolve));
    assert.equal(code, 0);
    assert.equal(seen, 'one\ntwo\n');
    assert.equal(statusOf(await ended('talks'))?.state?.terminated?.exitCode, 143);
  });

  it('reports that a container has no log before it runs', async () => {
    await room.create(pod('unborn', { image: 'nowhere:unborn' }));
    await room.podWhen('unborn', 'waiting', (found) => statusOf(found)?.state?.waiting?.reason === 'ImagePullBackOff');
    const { code, stderr } = await room.kubectl('logs', 'unborn');
    assert.equal(code, 1);
    assert.match(
      stderr,
      /container "main" in pod "unborn" is waiting to start: (trying and failing to pull image|Image)/i,
    );
  });

  it('shows a missing image as the kubelet does, and continues when it exists', async () => {
    await room.create(pod('pulls', { image: 'nowhere:later', args: ['true'] }));
    const waits = await room.podWhen('pulls', 'backing off', (found) => {
      return statusOf(found)?.state?.waiting?.reason === 'ImagePullBackOff';
    });
    assert.equal(waits.status?.phase, 'Pending');
    assert.match(statusOf(waits)?.state?.waiting?.message ?? '', /nowhere:later/);
    agent.setImage('nowhere:later', { command: ['/bin/sh', '-c'] });
    assert.equal((await ended('pulls')).status?.phase, 'Succeeded');
  });

  it('holds a container whose Secret is missing, and starts it when the Secret comes', async () => {
    const valueFrom = { secretKeyRef: { name: 'late', key: 'word' } };
    await room.create(pod('waits', { ...shell('echo "$WORD"'), env: [{ name: 'WORD', valueFrom }] }));
    const waits = await room.podWhen('waits', 'held', (found) => {
      return statusOf(found)?.state?.waiting?.reason === 'CreateContainerConfigError';
    });
    assert.equal(statusOf(waits)?.state?.waiting?.message, 'secret "late" not found');
    await room.run('create', 'secret', 'generic', 'late', '--from-literal=other=1');
    await room.podWhen('waits', 'held by the key', (found) => {
      return statusOf(found)?.state?.waiting?.message === `couldn't find key word in Secret ${room.namespace}/late`;
    });
    await room.run('delete', 'secret', 'late');
    await room.run('create', 'secret', 'generic', 'late', '--from-literal=word=sesame');
    assert.equal((await ended('waits')).status?.phase, 'Succeeded');
    assert.equal(await room.run('logs', 'waits'), 'sesame\n');
  });

  it('sends a deleted pod SIGTERM, waits for it, and only then removes the object', async () => {
    await room.create(
      pod('polite', shell('trap "echo bye; sleep 0.3; exit 0" TERM; echo up; while :; do sleep 0.05; done')),
    );
    await eventually('the trap to be set', async () => (await room.run('logs', 'polite').catch(() => '')) === 'up\n');
    await room.run('delete', 'pod', 'polite');
    const [run] = agent.runsOf(named('polite'));
    assert.deepEqual(run?.signals, ['SIGTERM']);
    assert.equal(run?.ending?.exitCode, 0);
    assert.equal(run?.log.text, 'up\nbye\n');
  });

  it('sends SIGKILL after the grace period', async () => {
    await room.create(pod('deaf', shell('trap "" TERM; echo up; while :; do sleep 0.05; done')));
    await eventually('the trap to be set', async () => (await room.run('logs', 'deaf').catch(() => '')) === 'up\n');
    await room.run('delete', 'pod', 'deaf', '--grace-period=1');
    const [run] = agent.runsOf(named('deaf'));
    assert.deepEqual(run?.signals, ['SIGTERM', 'SIGKILL']);
    assert.equal(run?.ending?.exitCode, 137);
  });

  it('lets the Job controller end a pod that has run too long', async () => {
    // Long enough to see the pod on a busy machine: the Job controller deletes it when the deadline passes.
    await room.create(job('slow', shell('exec sleep 60'), {}, { activeDeadlineSeconds: 5 }));
    const { metadata } = await room.podOf('slow');
    await room.run('wait', '--for=condition=Failed', 'job/slow', '--timeout=60s');
    const found = JSON.parse(await room.run('get', 'job', 'slow', '--output=json'));
    assert.equal(found.status.conditions.at(-1).reason, 'DeadlineExceeded');
    assert.deepEqual(agent.runsOf(named(metadata?.name ?? ''))[0]?.signals, ['SIGTERM']);
  });

  it('calls an end by the out-of-memory killer what it is', async () => {
    await room.create(job('big', shell('exec sleep 60')));
    const name = (await room.podOf('big')).metadata?.name ?? '';
    await running(name);
    agent.killProcess(named(name), 'SIGKILL', { outOfMemory: true });
    const terminated = statusOf(await ended(name))?.state?.terminated;
    assert.deepEqual([terminated?.exitCode, terminated?.reason], [137, 'OOMKilled']);
    await room.run('wait', '--for=condition=Failed', 'job/big', '--timeout=20s');
  });

  it('evicts a pod as a node under pressure does', async () => {
    await room.create(pod('victim', shell('exec sleep 60')));
    await running('victim');
    await agent.evict(named('victim'));
    const { status } = await room.pod('victim');
    assert.deepEqual([status?.phase, status?.reason], ['Failed', 'Evicted']);
    assert.equal(agent.runsOf(named('victim'))[0]?.ending?.exitCode, 137);
  });

  it('holds pods Pending while it is paused', async () => {
    agent.pause();
    try {
      await room.create(pod('patient', shell('true')));
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      const { spec, status } = await room.pod('patient');
      assert.deepEqual([spec?.nodeName, status?.phase], [undefined, 'Pending']);
    } finally {
      agent.resume();
    }
    await ended('patient');
  });

  it('runs init containers in order before the others, and fails the pod with the one that fails', async () => {
    const init = (name: string, script: string) => ({ name, ...shell(script), volumeMounts });
    const volumeMounts = [{ name: 'shared', mountPath: '/shared' }];
    const volumes = [{ name: 'shared', emptyDir: {} }];
    const initContainers = [init('one', 'echo 1 >> /shared/order'), init('two', 'echo 2 >> /shared/order')];
    await room.create(
      pod('ordered', { ...shell('cat /shared/order'), volumeMounts }, { initContainers, volumes }),
      pod('stuck', shell('echo never'), { initContainers: [init('bad', 'exit 7')], volumes }),
    );
    assert.equal((await ended('ordered')).status?.phase, 'Succeeded');
    assert.equal(await room.run('logs', 'ordered'), '1\n2\n');
    const stuck = await ended('stuck');
    assert.equal(stuck.status?.phase, 'Failed');
    assert.equal(statusOf(stuck, 'bad')?.state?.terminated?.exitCode, 7);
    assert.deepEqual(
      agent.runsOf(named('stuck')).map(({ container }) => container),
      ['bad'],
    );
  });

  it('restarts what a Deployment runs, and keeps the log of the process before', async () => {
    const container = { name: 'main', ...shell('echo "pid $$"; exec sleep 60') };
    const labels = { app: 'stays' };
    await room.create({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'stays' },
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [container] } },
      },
    });
    await room.run('rollout', 'status', 'deployment/stays', '--timeout=20s');
    const [name = ''] = (await room.run('get', 'pods', '--output=jsonpath={.items[*].metadata.name}')).split(' ');
    const first = await room.run('logs', name);
    agent.killProcess(named(name), 'SIGKILL');
    const again = await room.podWhen(name, 'restarted', (found) => {
      const status = statusOf(found);
      return status?.restartCount === 1 && status.state?.running !== undefined;
    });
    assert.equal(statusOf(again)?.lastState?.terminated?.exitCode, 137);
    assert.equal(await room.run('logs', name, '--previous'), first);
  });
});
