import { ProblemError } from '../../core/model/problem.ts';
import type { PostgresTarget } from '../../core/model/target.ts';
import type { Client } from './client.ts';

/** What the server asks for, by node-postgres' events, in the words of libpq's `require_auth`. */
const METHODS: Record<string, string> = {
  authenticationCleartextPassword: 'password',
  authenticationMD5Password: 'md5',
  authenticationSASL: 'scram-sha-256',
};

/**
 * Ends a connection before it answers a server that asks for another authentication than `require_auth` allows, or for
 * one without channel binding where `channel_binding=require`. The function that is returned is called after connecting:
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
        `The server asks for the authentication ${method}, and require_auth allows ${requireAuth.join(', ')}`,
      );
    if (channelBinding === 'require' && !mechanisms.includes('SCRAM-SHA-256-PLUS'))
      return refused(
        `channel_binding is require, and the server offers no channel binding (its authentication is ${method})`,
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
      // What the client writes to it afterwards is not sent.
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
