import { readFile, writeFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { freePort } from '../../support/ports.ts';

export interface CuttingProxy {
  /** Of a kubeconfig that connects to the proxy. */
  kubeconfig: string;
  /** Resets every connection: requests in the middle, watches and followed logs. Returns how many there were. */
  cut(): number;
  /** Closes all connections, and accepts no new ones until `admit`. */
  refuse(): void;
  admit(): void;
  /** Lets nothing through for a while, without a word to either side. */
  freeze(ms: number): void;
  close(): Promise<void>;
}

/** A proxy between a client and the API server of its kubeconfig; it relays TLS unchanged. */
export async function cuttingProxy(kubeconfig: string): Promise<CuttingProxy> {
  const config = JSON.parse(await readFile(kubeconfig, 'utf8')) as { clusters: { cluster: { server: string } }[] };
  const upstream = new URL(config.clusters[0]?.cluster.server ?? '');
  const pairs = new Set<[Socket, Socket]>();
  let open = true;
  const server = createServer((near) => {
    if (!open) return near.resetAndDestroy();
    const far = connect({ host: upstream.hostname, port: Number(upstream.port) });
    const pair: [Socket, Socket] = [near, far];
    pairs.add(pair);
    for (const socket of pair) {
      socket.on('error', () => {});
      socket.on('close', () => {
        pairs.delete(pair);
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far);
    far.pipe(near);
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const file = kubeconfig.replace(/\.kubeconfig$/, '-proxied.kubeconfig');
  for (const { cluster } of config.clusters) cluster.server = `https://127.0.0.1:${port}`;
  await writeFile(file, JSON.stringify(config), { mode: 0o600 });
  const cut = () => {
    const cutting = [...pairs];
    for (const [near, far] of cutting) {
      near.resetAndDestroy();
      far.resetAndDestroy();
    }
    return cutting.length;
  };
  return {
    kubeconfig: file,
    cut,
    refuse() {
      open = false;
      cut();
    },
    admit() {
      open = true;
    },
    freeze(ms) {
      const frozen = [...pairs].flat();
      for (const socket of frozen) socket.pause();
      setTimeout(() => {
        for (const socket of frozen) socket.resume();
      }, ms).unref();
    },
    async close() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
