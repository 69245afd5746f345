/**
 * What the agent runs in place of a container image. There are no layers: the machine's own file system shows through,
 * and `files` puts folders of the machine where the image would have them.
 */
export interface AgentImage {
  /** The entrypoint; a container's `command` replaces it and its `args` are appended, as in Kubernetes. */
  command?: string[];
  env?: Record<string, string>;
  /** Folders or files of this machine by their path in the image, e.g. `{ '/app': repositoryFolder }`; read-only. */
  files?: Record<string, string>;
  /** Folders that every container may write to, and that the image would have filled: caches. */
  caches?: Record<string, string>;
  /** The image's user id; default 0. */
  user?: number;
  workingDir?: string;
}
