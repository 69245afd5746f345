/** Why no private server can be used for the target here: for `Auto` a reason to rehearse on the target's own server. */
export class NoPrivateServer extends Error {
  override name = 'NoPrivateServer';
}
