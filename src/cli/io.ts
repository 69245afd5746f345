import { notAsAuthor } from '../author/context.ts';

/** The output of a command: set up once from the process and the global flags. */
export interface Io {
  out(text: string): void;
  err(text: string): void;
  /** Standard output is a terminal, so colours and progress bars are used. */
  terminal: boolean;
  colour: boolean;
  columns: number;
  env: Readonly<Record<string, string | undefined>>;
  /** Aborted by the first Ctrl-C or SIGTERM; a second one ends the process immediately. */
  signal: AbortSignal;
  /** `-v` was given: print more detail, and the stack trace of an internal error. */
  verbose: boolean;
  /** `--json` was given: standard output is one document, also after a failure. */
  json: boolean;
  /** The migrations folder of the command that runs, for messages that point into a file. */
  migrations?: () => Promise<string>;
  setExitCode(code: number): void;
}

export function createIo(host: NodeJS.Process): Io {
  const terminal = host.stdout.isTTY === true && host.env.CI === undefined && host.env.TERM !== 'dumb';
  const stop = new AbortController();
  const onSignal = (signal: NodeJS.Signals) => {
    if (stop.signal.aborted) notAsAuthor(() => host.exit(signal === 'SIGINT' ? 130 : 143));
    host.stderr.write(`${signal}: stopping at the next safe point; press again to stop immediately\n`);
    stop.abort(new Error(signal));
  };
  host.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  return {
    out: (text) => void host.stdout.write(`${text}\n`),
    err: (text) => void host.stderr.write(`${text}\n`),
    terminal,
    colour: terminal && host.env.NO_COLOR === undefined,
    columns: terminal ? host.stdout.columns : Number.POSITIVE_INFINITY,
    env: host.env,
    signal: stop.signal,
    verbose: host.env.DB_MANAGER_VERBOSE === '1',
    json: false,
    setExitCode: (code) => {
      host.exitCode = code;
    },
  };
}
