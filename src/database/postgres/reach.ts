import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectionOptions } from 'node:tls';
import { addressOf } from '../../core/model/database-url.ts';
import { ProblemError } from '../../core/model/problem.ts';
import type { PostgresTarget } from '../../core/model/target.ts';
import type { OpenOptions } from '../port.ts';
import { type Client, clientConfig, openClient, quoteIdentifier, sslAttempts } from './driver.ts';
import { connectProblem } from './errors.ts';

export interface Opened {
  client: Client;
  ssl: false | ConnectionOptions;
}

/** Tries until `timeouts.connect` is over, as long as what is wrong may pass. */
export async function persist(target: PostgresTarget, options: OpenOptions): Promise<Opened> {
  const deadline = performance.now() + (options.timeouts.connect || 60_000);
  let pause = 100;
  let created = false;
  for (;;) {
    try {
      return await attempt(target, options);
    } catch (error) {
      if (error instanceof ProblemError) throw error;
      const { problem, passing } = connectProblem(error, target);
      if (problem.reason === 'DatabaseNotFound' && options.create && !created) {
        await createDatabase(target, options);
        created = true;
        continue;
      }
      if (!passing || performance.now() + pause > deadline) throw new ProblemError(problem, { cause: error });
      await sleep(pause);
      pause = Math.min(pause * 2, 2_000);
    }
  }
}

async function attempt(target: PostgresTarget, options: OpenOptions, database?: string): Promise<Opened> {
  const ways = sslAttempts(target);
  for (const [index, ssl] of ways.entries()) {
    try {
      const config = clientConfig(target, {
        applicationName: options.applicationName,
        connectMs: options.timeouts.connect,
        ssl,
        database,
      });
      return { client: await openClient(config), ssl };
    } catch (error) {
      const refusedTls = error instanceof Error && /does not support SSL/i.test(error.message);
      if (!refusedTls || index === ways.length - 1) throw error;
    }
  }
  throw new Error('no way to connect');
}

async function createDatabase(target: PostgresTarget, options: OpenOptions): Promise<void> {
  try {
    const { client } = await attempt(target, options, 'postgres');
    try {
      await client.query(`CREATE DATABASE ${quoteIdentifier(target.database)}`);
    } finally {
      await client.end();
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ProblemError(
      {
        reason: 'DatabaseNotFound',
        message: `${addressOf(target)} has no database "${target.database}", and it could not be created: ${why}`,
      },
      { cause: error },
    );
  }
}
