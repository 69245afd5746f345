import { setTimeout as sleep } from 'node:timers/promises';
import { ProblemError } from '../../core/model/problem.ts';
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
  try {
    await applySettings(client, idleSettings(open.version));
    await refusePooler(client, () => open.another('db-manager pooler check'));
    await wait(client, writer, deadline, open, options);
    // The server may still execute the last statement of a killed run; its commit has to be visible.
    const migrating = keyOf('migrating', schema);
    await wait(client, migrating, deadline, open, options);
    await unlock(client, migrating);
    return hold(client, writer);
  } catch (error) {
    await client.end().catch(() => {});
    throw error;
  }
}

async function wait(
  client: Client,
  key: AdvisoryKey,
  deadline: number,
  open: PostgresConnection,
  { waitMs, onWaiting, signal }: LockOptions,
): Promise<void> {
  let reported = '';
  while (!(await tryLock(client, key))) {
    const holder = await describeHolder(client, key);
    if (signal?.aborted || performance.now() > deadline) {
      throw new ProblemError({
        reason: 'LockHeld',
        message: `Another run holds the migration lock for ${open.identity.display}: ${holder}. Waited ${Math.round(waitMs / 1000)} s.`,
      });
    }
    if (holder !== reported) onWaiting?.(`waiting for ${holder}`);
    reported = holder;
    await sleep(POLL * (0.5 + Math.random()), undefined, { signal }).catch(() => {});
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
