/** Reasons of commands that use a cluster, part of `REASONS`. */
export const CLUSTER_REASONS = {
  ApiServerUnreachable: {
    exit: 1,
    means: 'The Kubernetes API server did not respond to a command.',
    help: 'Check the network, the address in the kubeconfig and its certificates, then run the command again.',
  },
  ApiServerUnavailable: {
    exit: 1,
    means: 'The Kubernetes API server returned a server error (5xx) or is overloaded (429).',
    help: 'Run the command again later; the message contains the error of the API server.',
  },
  Conflict: {
    exit: 1,
    means: 'Another client changed the resource at the same time or owns a field of it.',
    help: 'Inspect the resource, then run the command again. `apply --force-conflicts` takes ownership of the fields.',
  },
} as const;
