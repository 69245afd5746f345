import { waitForLock } from '../lock-wait.ts';
import type { Lock, LockOptions } from '../port.ts';
import { type AdvisoryKey, describeHolder, holds, keyOf, tryLock, unlock } from './advisory.ts';
import type { PostgresConnection } from './connection.ts';
import type { Client } from './driver.ts';
import { refusePooler } from './pooler.ts';
import { applySettings, idleSettings } from './settings.ts';

const POLL = 200;

/**
 * One writer: a session-level advisory lock, polled with try-lock, on a separate connection that idles outside
 * any transaction, so that CREATE INDEX CONCURRENTLY never waits for it. The server frees it when the connection
 * ends; with keepalives a vanished client is noticed within seconds.
 */
export async function lock(open: PostgresConnection, options: LockOptions): Promise<Lock> {
  const client = await open.another(`db-manager lock ${options.runId} ${options.holder}`);
  const schema = open.target.schemas[0] ?? 'public';
  const writer = keyOf('writer', schema);
  const deadline = performance.now() + options.waitMs;
  const wait = (key: AdvisoryKey) =>
    waitForLock(
      {
        display: open.identity.display,
        tryLock: () => tryLock(client, key),
        describeHolder: () => describeHolder(client, key),
        pollMs: POLL,
      },
      deadline,
      options,
    );
  try {
    await applySettings(client, idleSettings(open.version));
    await refusePooler(client, () => open.another('db-manager pooler check'));
    await wait(writer);
    // The server may still execute the last statement of a killed run; its commit has to be visible.
    const migrating = keyOf('migrating', schema);
    await wait(migrating);
    await unlock(client, migrating);
    return hold(client, writer);
  } catch (error) {
    await client.end().catch(() => {});
    throw error;
  }
}

function hold(client: Client, key: AdvisoryKey): Lock {
  let released = false;
  return {
    held: async () => !released && (await holds(client, key)),
    async release() {
      if (released) return;
      released = true;
      await client.end();
    },
  };
}
