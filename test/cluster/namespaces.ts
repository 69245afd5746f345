import { randomBytes } from 'node:crypto';
import { eventually } from '../support/processes.ts';
import type { ControlPlane } from './control-plane.ts';

export interface NamespaceOptions {
  /** The beginning of the name; default `test`. */
  prefix?: string;
  /** The Pod Security level that the API server enforces; default none. */
  podSecurity?: 'privileged' | 'baseline' | 'restricted';
}

export interface TestNamespace {
  name: string;
  /** Asks for deletion and does not wait for it. */
  delete(): Promise<void>;
}

export async function createNamespace(
  { reads, mustKubectl }: ControlPlane,
  { prefix = 'test', podSecurity }: NamespaceOptions = {},
): Promise<TestNamespace> {
  const name = `${prefix}-${randomBytes(4).toString('hex')}`;
  const labels = podSecurity ? { 'pod-security.kubernetes.io/enforce': podSecurity } : {};
  const manifest = { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
  await mustKubectl(['create', '--filename=-'], { input: JSON.stringify(manifest) });
  // Pods are refused until their service account exists, and wait until the root certificate's ConfigMap does.
  await eventually(`the namespace ${name} to be filled`, async () => {
    const filled = [
      await reads.one('serviceaccounts', name, 'default'),
      await reads.one('configmaps', name, 'kube-root-ca.crt'),
    ];
    return filled.every((object) => object !== undefined);
  });
  return {
    name,
    async delete() {
      await mustKubectl(['delete', 'namespace', name, '--wait=false', '--ignore-not-found']);
    },
  };
}
