import { registerHooks } from 'node:module';
import type { KubeConfig } from '@kubernetes/client-node';

/** The classes of client-node's `dist/gen` that a KubeConfig needs: 2 of 2,700. */
const NEEDED = `
  export { createConfiguration } from './configuration.js';
  export { ServerConfiguration } from './servers.js';
`;
const ALONE = '?kubeconfig-alone';

/**
 * Each call of the result reads the kubeconfig at `path`, or the default one (KUBECONFIG, ~/.kube/config, the service
 * account of the pod), and throws if it has no context of the given name.
 *
 * client-node loads a model of every Kubernetes kind with this class: 45 MiB of memory and 0.2 s at startup, and
 * nothing here uses them. So its module is loaded without the models. If a later client-node is built differently, the
 * whole module is loaded.
 */
export async function kubeConfigReader(path?: string, context?: string): Promise<() => KubeConfig> {
  const { KubeConfig } = await loadAlone().catch(() => import('@kubernetes/client-node'));
  return () => {
    const config = new KubeConfig();
    if (path === undefined) config.loadFromDefault();
    else config.loadFromFile(path);
    if (context !== undefined) {
      if (config.getContextObject(context) === null) {
        const known = config.getContexts().map(({ name }) => name);
        throw new Error(`the kubeconfig has no context "${context}" (it has: ${known.join(', ') || 'none'})`);
      }
      config.setCurrentContext(context);
    }
    return config;
  };
}

/** The same cluster, for the bearer of a token. */
export function configWithToken(config: KubeConfig, token: string): KubeConfig {
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error('the kubeconfig has no current cluster');
  const other = new (config.constructor as new () => KubeConfig)();
  other.loadFromClusterAndUser(cluster, { name: 'caller', token });
  return other;
}

async function loadAlone(): Promise<{ KubeConfig: typeof KubeConfig }> {
  const dist = new URL('./', import.meta.resolve('@kubernetes/client-node')).href;
  const config = `${dist}config.js${ALONE}`;
  const models = `${dist}gen/index.js${ALONE}`;
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      if (specifier === './gen/index.js' && context.parentURL === config) return { url: models, shortCircuit: true };
      // Its authentication modules import config.js too.
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
