/** Commands that run in other containers of the pod: the runner's end of the socket of `entrypoint.c`. */
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { constants } from 'node:os';
import { ProblemError } from '../core/model/problem.ts';
import { LineReader } from './lines.ts';
import type { CommandEnd, CommandOptions } from './process.ts';

/** How long a command gets to end after a stop, in milliseconds. */
const GRACE_MS = 10_000;
const MOST_LINES = 20;

/** The container of one stage, connected and waiting. */
interface Stage {
  socket: Socket;
  onFrame: (type: string, content: Buffer) => void;
  onClose: () => void;
}

export interface PodCommands {
  /** Waits for the container of a stage; rejects if the signal aborts first. */
  waitFor(stage: string, signal: AbortSignal): Promise<void>;
  /** Runs the command of a stage to its end. Throws ProblemError if it cannot be started. */
  run(stage: string, options: Omit<CommandOptions, 'workingDir'>): Promise<CommandEnd>;
  /** Lets every container end: the last one with this code and these lines. */
  finish(last: string, code: number, lines: readonly string[]): void;
  close(): Promise<void>;
}

/** Listens at a path that only the containers of the pod can reach. `onTerminated`: a container was asked to end. */
export async function listenForCommands(path: string, onTerminated: () => void): Promise<PodCommands> {
  const stages = new Map<string, Stage>();
  const waiting = new Map<string, () => void>();
  let ending: { last: string; code: number; lines: readonly string[] } | undefined;
  const release = (name: string, { socket }: Stage) => {
    if (ending === undefined) return;
    const isLast = name === ending.last;
    for (const line of isLast ? ending.lines : []) send(socket, `out ${line}`);
    send(socket, `exit ${isLast ? ending.code : 0}`);
  };
  const server = createServer((socket) => {
    const stage: Stage = { socket, onFrame: () => {}, onClose: () => {} };
    socket.on('error', () => {});
    socket.on('close', () => stage.onClose());
    readFrames(socket, (type, content) => {
      if (type === 'h') {
        const name = content.toString();
        stages.set(name, stage);
        waiting.get(name)?.();
        release(name, stage);
      } else if (type === 't') onTerminated();
      else stage.onFrame(type, content);
    });
  });
  rmSync(path, { force: true });
  await listen(server, path);
  // The command may run as another user.
  chmodSync(path, 0o666);
  const waitFor = async (name: string, signal: AbortSignal) => {
    if (stages.has(name)) return;
    await new Promise<void>((done, fail) => {
      waiting.set(name, done);
      signal.addEventListener('abort', () => fail(signal.reason), { once: true });
      if (signal.aborted) fail(signal.reason);
    });
  };
  return {
    waitFor,
    async run(name, options) {
      await waitFor(name, options.signal);
      const stage = stages.get(name);
      if (stage === undefined) throw new Error(`no container is known for ${name}`);
      return runStage(stage, options);
    },
    finish(last, code, lines) {
      ending = { last, code, lines };
      for (const [name, stage] of stages) release(name, stage);
    },
    async close() {
      for (const { socket } of stages.values()) socket.destroy();
      await new Promise<void>((done) => server.close(() => done()));
    },
  };
}

function runStage(
  stage: Stage,
  { env, mask, onLine, signal }: Omit<CommandOptions, 'workingDir'>,
): Promise<CommandEnd> {
  const { socket } = stage;
  const began = performance.now();
  const lines: string[] = [];
  const reader = new LineReader((line) => {
    const masked = mask(line);
    lines.push(masked);
    if (lines.length > MOST_LINES) lines.shift();
    send(socket, `out ${masked}`);
    onLine?.(masked);
  });
  let timer: NodeJS.Timeout | undefined;
  const stop = () => {
    send(socket, 'stop');
    timer = setTimeout(() => send(socket, 'kill'), GRACE_MS);
  };
  const end = new Promise<CommandEnd>((done, fail) => {
    const result = (how: Pick<CommandEnd, 'code' | 'signalName'>, leftBehind: boolean) => {
      reader.finish();
      done({ ...how, lines, seconds: (performance.now() - began) / 1000, leftBehind });
    };
    // The container was killed, for example because it used too much memory.
    stage.onClose = () => result({ signalName: 'SIGKILL' }, false);
    stage.onFrame = (type, content) => {
      if (type === 'o') reader.push(content);
      if (type === 'x') {
        const [kind, number, left] = content.toString().split(' ');
        const value = Number(number);
        result(kind === 'code' ? { code: value } : { signalName: signalNameOf(value) }, left === '1');
      }
      if (type === 'f') {
        const message = `The command cannot be started in its container: ${content.toString()}. Nothing was changed.`;
        fail(new ProblemError({ reason: 'InvalidConfiguration', message }));
      }
    };
  });
  for (const [name, value] of Object.entries(env)) send(socket, `env ${name}=${value}`);
  send(socket, 'run');
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  return end.finally(() => {
    signal.removeEventListener('abort', stop);
    clearTimeout(timer);
    stage.onClose = () => {};
    stage.onFrame = () => {};
    // The kubelet starts the next container then. How the command ended is in the report.
    send(socket, 'exit 0');
  });
}

function signalNameOf(number: number): string {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0] ?? `signal ${number}`;
}

/** One line; a line end inside would be another order. */
function send(socket: Socket, line: string): void {
  if (socket.writable) socket.write(`${line.replace(/[\r\n\0]+/g, ' ')}\n`);
}

function readFrames(socket: Socket, onFrame: (type: string, content: Buffer) => void): void {
  let held = Buffer.alloc(0);
  socket.on('data', (data) => {
    held = held.length === 0 ? data : Buffer.concat([held, data]);
    while (held.length >= 5) {
      const length = held.readUInt32BE(1);
      if (held.length < 5 + length) return;
      onFrame(String.fromCharCode(held[0] ?? 0), held.subarray(5, 5 + length));
      held = held.subarray(5 + length);
    }
  });
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((done, fail) => {
    server.once('error', fail);
    server.listen(path, done);
  });
}
