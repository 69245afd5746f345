import { ProblemError } from '../../core/model/problem.ts';
import type { PostgresTarget } from '../../core/model/target.ts';
import type { Client } from './client.ts';

/** The authentication that the server requests, by node-postgres' events, with the names of libpq's `require_auth`. */
const METHODS: Record<string, string> = {
  authenticationCleartextPassword: 'password',
  authenticationMD5Password: 'md5',
  authenticationSASL: 'scram-sha-256',
};

/**
 * Closes a connection before it answers a server that requests a different authentication than `require_auth` allows, or
 * one without channel binding if `channel_binding=require`. Call the returned function after connecting:
 * a server may also ask for nothing at all.
 */
export function guardAuthentication(
  client: Client,
  { channelBinding, requireAuth }: Pick<PostgresTarget, 'channelBinding' | 'requireAuth'>,
): () => void {
  if (channelBinding !== 'require' && requireAuth === undefined) return () => {};
  const { connection } = client;
  let used: string | undefined;
  let proved = false;
  const refusal = (method: string, mechanisms: readonly string[] = []): ProblemError | undefined => {
    if (requireAuth !== undefined && !requireAuth.includes(method))
      return refused(
        `The server requests the authentication ${method}, but require_auth allows ${requireAuth.join(', ')}`,
      );
    if (channelBinding === 'require' && !mechanisms.includes('SCRAM-SHA-256-PLUS'))
      return refused(
        `channel_binding is require, but the server offers no channel binding (its authentication is ${method})`,
      );
    return undefined;
  };
  for (const [event, method] of Object.entries(METHODS)) {
    // Before the client's own listener, which would answer.
    connection.prependListener(event, (message: { mechanisms?: string[] } | undefined) => {
      used = method;
      const problem = refusal(method, message?.mechanisms);
      if (problem === undefined) return;
      connection.emit('error', problem);
      // Data that the client writes to it afterwards is not sent.
      connection.stream.destroy(problem);
    });
  }
  connection.prependListener('authenticationSASLFinal', () => {
    proved = true;
  });
  return () => {
    // A server that ends the exchange early has not proved that it knows the password.
    const early = used === 'scram-sha-256' && !proved;
    const problem = used === undefined ? refusal('none') : early ? refused('The server broke off SCRAM') : undefined;
    if (problem !== undefined) throw problem;
  };
}

function refused(why: string): ProblemError {
  return new ProblemError({ reason: 'AuthenticationFailed', message: `${why}. The connection was not used.` });
}
