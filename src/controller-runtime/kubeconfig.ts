import { registerHooks } from 'node:module';
import type { KubeConfig } from '@kubernetes/client-node';

/** What of client-node's `dist/gen` a KubeConfig needs: 2 of its 2,700 classes. */
const NEEDED = `
  export { createConfiguration } from './configuration.js';
  export { ServerConfiguration } from './servers.js';
`;
const ALONE = '?kubeconfig-alone';

/**
 * Reads the kubeconfig at `path`, else the default one (KUBECONFIG, ~/.kube/config, the pod's own), each time it is called.
 *
 * client-node's class for it comes with a model of every kind that Kubernetes has: 45 MiB of the operator's memory and a
 * fifth of a second, for what nothing here asks for. So its module is loaded without them; should client-node be built
 * otherwise one day, it is loaded whole.
 */
export async function kubeConfigReader(path?: string): Promise<() => KubeConfig> {
  const { KubeConfig } = await loadAlone().catch(() => import('@kubernetes/client-node'));
  return () => {
    const config = new KubeConfig();
    if (path === undefined) config.loadFromDefault();
    else config.loadFromFile(path);
    return config;
  };
}

async function loadAlone(): Promise<{ KubeConfig: typeof KubeConfig }> {
  const dist = new URL('./', import.meta.resolve('@kubernetes/client-node')).href;
  const config = `${dist}config.js${ALONE}`;
  const models = `${dist}gen/index.js${ALONE}`;
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      if (specifier === './gen/index.js' && context.parentURL === config) return { url: models, shortCircuit: true };
      // Its ways to log in import it in turn.
      if (specifier === './config.js' && context.parentURL?.startsWith(dist))
        return { url: config, shortCircuit: true };
      return next(specifier, context);
    },
    load(url, context, next) {
      return url === models ? { format: 'module', source: NEEDED, shortCircuit: true } : next(url, context);
    },
  });
  try {
    return (await import(config)) as { KubeConfig: typeof KubeConfig };
  } finally {
    hooks.deregister();
  }
}
