import type { KubeConfig } from '@kubernetes/client-node';
import { loadKubeConfig } from '../loader/client-node.ts';

/**
 * Each call of the result reads the kubeconfig at `path`, or the default one (KUBECONFIG, ~/.kube/config, the service
 * account of the pod), and throws if it has no context of the given name.
 */
export async function kubeConfigReader(path?: string, context?: string): Promise<() => KubeConfig> {
  const { KubeConfig } = await loadKubeConfig();
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
