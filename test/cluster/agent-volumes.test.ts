import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from '../support/lifetime.ts';
import { type Agent, sharedAgent } from './agent.ts';
import { findKubectl } from './clients.ts';
import { type ContainerSpec, pod } from './manifests.ts';
import { describeCluster } from './suite.ts';
import { openRoom, type Room } from './workdir.ts';

const SHELL = 'volumes-shell:test';

describeCluster("a pod's env and volumes under the agent", (cluster) => {
  let agent: Agent;
  let room: Room;
  before(async () => {
    agent = await sharedAgent();
    agent.setImage(SHELL, { command: ['/bin/sh', '-c'], env: { FROM_IMAGE: 'image' } });
  });
  beforeEach(async () => {
    room = await openRoom(cluster(), 'volumes');
    await room.create(
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data: { COLOUR: 'blue', 'a.sql': 'A;' } },
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'keys' }, stringData: { word: 'sesame' } },
    );
  });

  const shell = (script: string, rest: Partial<ContainerSpec> = {}) => ({ image: SHELL, args: [script], ...rest });
  async function logOf(name: string): Promise<string> {
    await room.podWhen(name, 'ended', ({ status }) => status?.phase === 'Succeeded' || status?.phase === 'Failed');
    return room.run('logs', name);
  }

  it('resolves literals, references, fields and whole ConfigMaps, and nothing of this process', async () => {
    process.env.TEST_LEAK = 'leaked';
    const env = [
      { name: 'PLAIN', value: 'plain' },
      { name: 'BUILT', value: '$(PLAIN)-$(COLOUR)-$(UNKNOWN)-$$(PLAIN)' },
      { name: 'WORD', valueFrom: { secretKeyRef: { name: 'keys', key: 'word' } } },
      { name: 'MAYBE', valueFrom: { secretKeyRef: { name: 'keys', key: 'none', optional: true } } },
      { name: 'ME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'ROLE', valueFrom: { fieldRef: { fieldPath: "metadata.labels['role']" } } },
    ];
    const script = 'echo "$BUILT $WORD [$MAYBE] $ME $ROLE $FROM_IMAGE [$TEST_LEAK]"; echo $0 $1';
    const main = {
      image: SHELL,
      args: [script, '$(PLAIN)', '$$(PLAIN)'],
      env,
      envFrom: [{ configMapRef: { name: 'settings' } }],
    };
    const made = pod('env', main);
    await room.create({ ...made, metadata: { name: 'env', labels: { role: 'runner' } } });
    assert.equal(await logOf('env'), 'plain-blue-$(UNKNOWN)-$(PLAIN) sesame [] env runner image []\nplain $(PLAIN)\n');
  });

  it('mounts ConfigMaps, Secrets, projections and single files at their paths', async () => {
    const main = shell(
      'cd /migrations && ls && cat a.sql && echo && cat /etc/app/one /proj/w /proj/ns; ls -l /keys/word',
      {
        volumeMounts: [
          { name: 'sql', mountPath: '/migrations' },
          { name: 'sql', mountPath: '/etc/app/one', subPath: 'a.sql' },
          { name: 'keys', mountPath: '/keys' },
          { name: 'proj', mountPath: '/proj' },
        ],
      },
    );
    const sources = [
      { secret: { name: 'keys', items: [{ key: 'word', path: 'w' }] } },
      { downwardAPI: { items: [{ path: 'ns', fieldRef: { fieldPath: 'metadata.namespace' } }] } },
    ];
    await room.create(
      pod('mounts', main, {
        volumes: [
          { name: 'sql', configMap: { name: 'settings', items: [{ key: 'a.sql', path: 'a.sql' }] } },
          { name: 'keys', secret: { secretName: 'keys', defaultMode: 0o400 } },
          { name: 'proj', projected: { sources } },
        ],
      }),
    );
    const log = await logOf('mounts');
    assert.ok(log.startsWith(`a.sql\nA;\nA;sesame${room.namespace}`), log);
    assert.match(log, /-r--------/);
  });

  it('waits for a volume whose ConfigMap is missing', async () => {
    const volumes = [{ name: 'sql', configMap: { name: 'later' } }];
    const volumeMounts = [{ name: 'sql', mountPath: '/sql' }];
    await room.create(pod('early', shell('cat /sql/x', { volumeMounts }), { volumes }));
    await room.podWhen('early', 'started', ({ status }) => status?.startTime !== undefined);
    await room.run('create', 'configmap', 'later', '--from-literal=x=there');
    assert.equal(await logOf('early'), 'there');
    assert.match(await room.run('get', 'events', '--field-selector=reason=FailedMount'), /configmap "later" not found/);
  });

  it('keeps a claim as a folder that a test can fill before and read after', async () => {
    const claim = (name: string) => ({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    });
    const folder = await agent.claimFolder({ namespace: room.namespace, name: 'data' });
    await writeFile(join(folder, 'in'), 'before');
    const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }];
    const main = shell('cat /data/in > /data/out', { volumeMounts: [{ name: 'data', mountPath: '/data' }] });
    await room.create(pod('keeper', main, { volumes }));
    const waits = await room.podWhen('keeper', 'unschedulable', ({ status }) => {
      return status?.conditions?.some(({ reason }) => reason === 'Unschedulable') === true;
    });
    assert.match(JSON.stringify(waits.status?.conditions), /persistentvolumeclaim \\"data\\" not found/);
    await room.create(claim('data'));
    await logOf('keeper');
    assert.equal(await readFile(join(folder, 'out'), 'utf8'), 'before');
    assert.equal(await room.run('get', 'pvc', 'data', '--output=jsonpath={.status.phase}'), 'Bound');
  });

  it("shows an image's files at their paths, and as an image volume", async () => {
    const app = await temporaryFolder('image');
    await writeFile(join(app, 'version'), 'one');
    agent.setImage('app:test', { command: ['/bin/cat'], files: { '/opt/app': app } });
    const volumes = [{ name: 'code', image: { reference: 'app:test' } }];
    const volumeMounts = [{ name: 'code', mountPath: '/code' }];
    await room.create(
      pod('image', { image: 'app:test', args: ['/opt/app/version'] }),
      pod('mounted', shell('cat /code/opt/app/version', { volumeMounts }), { volumes }),
    );
    assert.equal(await logOf('image'), 'one');
    assert.equal(await logOf('mounted'), 'one');
  });

  it('gives a pod its service account: kubectl inside works with the permissions that RBAC grants', async function () {
    // The token's path is built into kubectl; only real mounts can put it there.
    if (agent.placement !== 'mounts') return this.skip();
    await room.run(
      'create',
      'rolebinding',
      'reader',
      '--clusterrole=view',
      `--serviceaccount=${room.namespace}:default`,
    );
    agent.setImage('kubectl:test', { command: ['/opt/kubectl'], files: { '/opt/kubectl': await findKubectl() } });
    await room.create(
      pod('reads', {
        image: 'kubectl:test',
        args: ['get', 'configmap', 'settings', '--output=name', '--cache-dir=/tmp/cache'],
      }),
      pod('pries', { image: 'kubectl:test', args: ['get', 'secret', 'keys', '--cache-dir=/tmp/cache'] }),
    );
    assert.equal(await logOf('reads'), 'configmap/settings\n');
    assert.match(await logOf('pries'), /Forbidden/);
  });

  it('refuses to run as root what must not', async () => {
    await room.create(pod('rooted', shell('id'), { securityContext: { runAsNonRoot: true } }));
    const message = /container has runAsNonRoot and image will run as root/;
    await room.podWhen('rooted', 'refused', ({ status }) => {
      return message.test(status?.containerStatuses?.[0]?.state?.waiting?.message ?? '');
    });
  });

  it('enforces user, group, privileges and a read-only root file system where it can mount', async function () {
    // The other placement cannot; see agent/placement.ts.
    if (agent.placement !== 'mounts') return this.skip();
    const script =
      'id -u; id -G; grep -E "^(CapBnd|NoNewPrivs)" /proc/self/status; ' +
      'touch /tmp/x /etc/x /opt/x 2>&1; touch /work-in/x && ls -n /work-in | tail -1; echo ok > /dev/termination-log';
    const securityContext = {
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
    };
    const volumeMounts = [{ name: 'work', mountPath: '/work-in' }];
    await room.create(
      pod('confined', shell(script, { securityContext, volumeMounts }), {
        securityContext: { runAsUser: 65_532, runAsGroup: 65_532, fsGroup: 4_000, runAsNonRoot: true },
        volumes: [{ name: 'work', emptyDir: {} }],
      }),
    );
    const log = await logOf('confined');
    assert.match(log, /^65532\n65532 4000\nCapBnd:\t0+\nNoNewPrivs:\t1\n/);
    assert.equal(log.match(/Read-only file system/g)?.length, 3, log);
    assert.match(log, /65532\s+4000 .* x$/m);
  });
});
