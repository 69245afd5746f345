/**
 * Telemetry: the logger, the metrics and the port that serves them. It may import core/model; the code that composes the
 * process (cli) passes the events to it.
 */
import { createLogger as createWinston, format, type Logger, transports } from 'winston';

const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
const LOG_FORMATS = ['json', 'text'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

interface LoggerOptions {
  level: LogLevel;
  format: LogFormat;
  /** Default: standard error, so that standard output is available for data. */
  stream?: NodeJS.WritableStream;
}

export type { Logger } from 'winston';

/** JSON for machines, one line per event, or text for people. The names of the fields are the same in both. */
export function createLogger({ level, format: kind, stream = process.stderr }: LoggerOptions): Logger {
  const shape = kind === 'json' ? format.json() : format.printf(textLine);
  return createWinston({
    level,
    format: format.combine(format.timestamp(), shape),
    transports: [new transports.Stream({ stream })],
  });
}

function textLine({ timestamp, level, message, ...fields }: Record<string, unknown>): string {
  const rest = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  return [`${timestamp} ${String(level).padEnd(5)} ${message}`, ...rest].join('  ');
}
