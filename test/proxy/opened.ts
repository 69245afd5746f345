import { parseDatabaseUrl } from '../../src/core/model/database-url.ts';
import { openDatabase } from '../../src/database/open.ts';
import { type ProtocolProxy, type ProxyOptions, startProxy } from '../../src/proxy/proxy.ts';

export interface Opened {
  proxy: ProtocolProxy;
  /** `postgresql://user:token@127.0.0.1:port/name` */
  url: string;
  close(): Promise<void>;
}

/** A proxy to the database of a URL, as a run opens it. */
export async function openProxy(target: string, options: Partial<ProxyOptions> = {}): Promise<Opened> {
  const parsed = parseDatabaseUrl(target);
  if (!parsed.ok || parsed.target.dialect !== 'postgres') throw new Error('not a URL of PostgreSQL');
  const timeouts = { connect: 10_000, lock: 4_000, statement: 0, run: 0 };
  const database = await openDatabase(parsed.target, { timeouts, applicationName: 'test' });
  const { dial } = database;
  if (dial === undefined) throw new Error('nothing to relay');
  const { user, database: name } = parsed.target;
  const proxy = await startProxy({
    user,
    database: name,
    dial: (parameters) => dial(parameters, { applicationName: 'db-manager wrap test', timeouts }),
    ...options,
  });
  return {
    proxy,
    url: `postgresql://${user}:${proxy.token.reveal()}@${proxy.host}:${proxy.port}/${name}`,
    async close() {
      await proxy.close();
      await database.close();
    },
  };
}
