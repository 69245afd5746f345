/** Why no private server can be used for the target here: for `Auto` a reason to rehearse on the target's own server. */
export class NoPrivateServer extends Error {
  override name = 'NoPrivateServer';
}

export function withoutFiles(extensions: readonly string[], major: number): NoPrivateServer {
  const what = extensions.length === 1 ? 'extension' : 'extensions';
  return new NoPrivateServer(
    `the files of ${what} ${extensions.join(', ')} are not on this machine. Install their packages for PostgreSQL ${major} here`,
  );
}
