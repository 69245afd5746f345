import assert from 'node:assert/strict';
import { casesFor } from '../support/sizes.ts';
import { startAgent } from './agent.ts';
import { job, pod } from './manifests.ts';
import { describeCluster } from './suite.ts';
import { openRoom, statusOf } from './workdir.ts';

const image = 'faults-shell:test';
const images = { [image]: { command: ['/bin/sh', '-c'] } };

describeCluster('the agent when things go down', (cluster) => {
  it('reports an end that it saw while the API server was down, whether that crashed or stopped', async () => {
    const room = await openRoom(cluster(), 'faults');
    const agent = await startAgent(cluster(), { images, namespaces: [room.namespace] });
    try {
      for (const signal of casesFor(['SIGKILL', 'SIGTERM'] as const, 1)) {
        const name = `survivor-${signal.toLowerCase()}`;
        await room.create(job(name, { image, args: ['sleep 1; echo over'] }));
        const { metadata } = await room.podOf(name);
        const run = agent.runsOf.bind(agent, { namespace: room.namespace, name: metadata?.name ?? '' });
        await room.podWhen(metadata?.name ?? '', 'running', (found) => !!statusOf(found)?.state?.running);
        await cluster().stopApiServer(signal);
        await run()[0]?.ended;
        await cluster().startApiServer();
        await room.run('wait', '--for=condition=Complete', `job/${name}`, '--timeout=55s');
        assert.equal(run().length, 1);
        // New pods are seen again too.
        await room.create(pod(`after-${name}`, { image, args: ['true'] }));
        await room.podWhen(`after-${name}`, 'ended', ({ status }) => status?.phase === 'Succeeded');
      }
    } finally {
      await agent.stop();
    }
  });

  it('falls silent as a lost node does, and reports when it returns', async () => {
    const room = await openRoom(cluster(), 'faults');
    const agent = await startAgent(cluster(), { images, namespaces: [room.namespace] });
    try {
      await room.create(
        pod('far', { image, args: ['sleep 8; echo over'] }),
        pod('gone', { image, args: ['sleep 60'] }),
      );
      for (const name of ['far', 'gone']) {
        await room.podWhen(name, 'running', (found) => !!statusOf(found)?.state?.running);
      }
      await agent.nodeLost({ processes: 'running' });
      await room.run('wait', '--for=condition=Ready=Unknown', `node/${agent.node}`, '--timeout=40s');
      assert.equal((await room.pod('far')).status?.phase, 'Running');
      assert.match((await room.kubectl('logs', 'far')).stderr, /not ?found/i);
      await room.run('delete', 'pod', 'gone', '--force', '--grace-period=0');
      const [gone] = agent.runsOf({ namespace: room.namespace, name: 'gone' });
      assert.equal(gone?.ending, undefined);

      await agent.nodeReturns();
      await room.run('wait', '--for=condition=Ready', `node/${agent.node}`, '--timeout=20s');
      await room.podWhen('far', 'ended', ({ status }) => status?.phase === 'Succeeded');
      assert.equal(await room.run('logs', 'far'), 'over\n');
      assert.notEqual((await gone?.ended)?.exitCode, 0);
    } finally {
      await agent.stop();
    }
  });

  it('loses the processes of a node that dies', async () => {
    const room = await openRoom(cluster(), 'faults');
    const agent = await startAgent(cluster(), { images, namespaces: [room.namespace] });
    try {
      await room.create(job('dies', { image, args: ['sleep 60'] }));
      const name = (await room.podOf('dies')).metadata?.name ?? '';
      await room.podWhen(name, 'running', (found) => !!statusOf(found)?.state?.running);
      await agent.nodeLost({ processes: 'killed' });
      assert.equal((await agent.runsOf({ namespace: room.namespace, name })[0]?.ended)?.exitCode, 137);
      await room.run('delete', 'pod', name, '--force', '--grace-period=0');
      await room.run('wait', '--for=condition=Failed', 'job/dies', '--timeout=20s');
    } finally {
      await agent.stop();
    }
  });
});
