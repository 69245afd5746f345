import type { V1Volume, V1VolumeMount } from '@kubernetes/client-node';

export interface MountedVolume {
  volume: V1Volume;
  mount: Omit<V1VolumeMount, 'name'>;
}
