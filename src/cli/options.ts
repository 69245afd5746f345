import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../core/model/duration.ts';
import type { RehearsalServer } from '../core/model/request.ts';

/** Parsers of option values, and options that several commands share. */

export function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

/** `5m`, `90s` or a bare number of seconds, as seconds. */
export function seconds(text: string): number {
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : parseDuration(text);
  if (ms === undefined) throw new InvalidArgumentError('It must be a duration such as 90s, 5m or 1h30m.');
  return ms / 1000;
}

/** `a,b` as a list. */
export function commaSeparated(text: string): string[] {
  return text.split(',');
}

/** Patterns separated by commas; an empty text is an empty list, which allows nothing. */
export function patterns(text: string): string[] {
  return text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
}

/** For an option that may be given several times. */
export function collect(value: string, before: string[] = []): string[] {
  return [...before, value];
}

/** `--namespace`, `--context` and `--kubeconfig`, of every command that calls the API server. */
export function addClusterOptions(command: Command): Command {
  return command
    .option('-n, --namespace <name>', 'namespace (default: the one of the context; in a pod, the one of the pod)')
    .option('--context <name>', 'context of the kubeconfig (default: the current one)')
    .option('--kubeconfig <file>', 'kubeconfig file (default: KUBECONFIG, ~/.kube/config, or the service account)');
}

const UNKNOWN_APPLIED = { refuse: 'Refuse', accept: 'Accept', downgrade: 'Downgrade' } as const;

export type UnknownAppliedOption = keyof typeof UNKNOWN_APPLIED;

/** `--unknown-applied`, of every command that an older version runs on a newer database. */
export function unknownAppliedOption(...without: UnknownAppliedOption[]): Option {
  const words = Object.keys(UNKNOWN_APPLIED).filter((word) => !without.some((one) => one === word));
  return new Option(
    '--unknown-applied <policy>',
    'handling of applied migrations that have no file (default: setting unknownApplied, else accept)',
  ).choices(words);
}

/** The option as a setting; nothing if it is not given. */
export function unknownAppliedOf(option: UnknownAppliedOption | undefined) {
  return option === undefined ? {} : { unknownApplied: UNKNOWN_APPLIED[option] };
}

const REHEARSAL_SERVERS = { auto: 'Auto', private: 'Private', 'same-server': 'SameServer' } as const;
const OF_ENVIRONMENT = 'env:';

/**
 * The place of scratch copies, in the form that the library accepts. A URL may hold a password, so it is not an
 * argument.
 */
export function rehearsalServerOption(): Option {
  const option = new Option(
    '--rehearsal-server <where>',
    'server for the scratch copy of a PostgreSQL database: a private one, the server of the database, or the URL in an environment variable (default: setting safety.rehearsalServer, else auto)',
  );
  return option.choices([...Object.keys(REHEARSAL_SERVERS), `${OF_ENVIRONMENT}NAME`]).argParser(readRehearsalServer);
}

function readRehearsalServer(text: string): RehearsalServer {
  if (text in REHEARSAL_SERVERS) return REHEARSAL_SERVERS[text as keyof typeof REHEARSAL_SERVERS];
  const name = text.startsWith(OF_ENVIRONMENT) ? text.slice(OF_ENVIRONMENT.length) : '';
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return { urlVariable: name };
  throw new InvalidArgumentError(
    `Write ${Object.keys(REHEARSAL_SERVERS).join(', ')} or ${OF_ENVIRONMENT}NAME, where NAME is an environment variable with the URL.`,
  );
}
