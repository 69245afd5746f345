/** What a command that asks a cluster may meet; a part of `REASONS`. */
export const CLUSTER_REASONS = {
  ApiServerUnreachable: {
    exit: 1,
    means: 'The Kubernetes API server did not answer a command.',
    help: 'Check the network, the address in the kubeconfig and its certificates, then run the command again.',
  },
  ApiServerUnavailable: {
    exit: 1,
    means: 'The Kubernetes API server answered with an error of its own (5xx) or is too busy (429).',
    help: 'Run the command again later; the message has the words of the API server.',
  },
  Conflict: {
    exit: 1,
    means: 'Another client changed the resource at the same time or owns a field of it.',
    help: 'Look at the resource, then run the command again. `apply --force` takes over the fields.',
  },
} as const;
