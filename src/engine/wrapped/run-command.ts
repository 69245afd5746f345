/** Runs the command against one database: through the proxy, or by the path of the file. */
import type { CommandPlace } from '../../core/model/command.ts';
import { ProblemError } from '../../core/model/problem.ts';
import type { Database } from '../../database/port.ts';
import { type ProtocolProxy, type SessionObserver, startProxy } from '../../proxy/proxy.ts';
import type { CommandResult, CommandStage } from './host.ts';
import type { WrappedPorts } from './state.ts';

interface CommandRun {
  result: CommandResult;
  /** Absent if the command opens the database itself. */
  seen?: ProtocolProxy['seen'];
}

/** `path`: of the file, for a database that is one. */
export async function runCommandOn(
  stage: CommandStage,
  database: Database,
  path: string,
  observe: (() => SessionObserver) | undefined,
  ports: WrappedPorts,
): Promise<CommandRun> {
  const { target, host, request, signal } = ports;
  const dial = database.dial;
  if ('path' in target || dial === undefined) {
    return { result: await host.run(stage, { dialect: 'sqlite', path }, signal) };
  }
  const options = { applicationName: `db-manager wrap ${request.runId.slice(0, 8)}`, timeouts: request.timeouts };
  const proxy = await startProxy({
    ...host.endpoint?.(stage),
    user: target.user,
    database: target.database,
    dial: (parameters) => dial(parameters, options),
    observe,
  });
  try {
    const place: CommandPlace = {
      dialect: 'postgres',
      host: proxy.host,
      port: proxy.port,
      user: target.user,
      database: target.database,
      token: proxy.token.reveal(),
    };
    return { result: await host.run(stage, place, signal), seen: { ...proxy.seen } };
  } finally {
    await proxy.close();
  }
}

/** The run was stopped or took too long while the command ran. */
export function refuseIfStopped({ signal, request }: WrappedPorts, what: string): void {
  if (!signal.aborted) return;
  const deadline = signal.reason instanceof DOMException && signal.reason.name === 'TimeoutError';
  throw new ProblemError(
    deadline
      ? {
          reason: 'DeadlineExceeded',
          message: `The command ran longer than timeouts.run (${Math.round(request.timeouts.run / 1000)} s) and was terminated ${what}.`,
        }
      : { reason: 'Interrupted', message: `The run stopped on request and terminated the command ${what}.` },
  );
}
