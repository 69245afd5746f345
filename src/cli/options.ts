import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../core/model/duration.ts';

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
export function collect(value: string, before: string[]): string[] {
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
    'applied migrations that the files lack (default: unknownApplied, accept)',
  ).choices(words);
}

/** The option as a setting; nothing if it is not given. */
export function unknownAppliedOf(option: UnknownAppliedOption | undefined) {
  return option === undefined ? {} : { unknownApplied: UNKNOWN_APPLIED[option] };
}

const REHEARSALS = { auto: 'Auto', full: 'Full', schema: 'SchemaOnly', disabled: 'Disabled' } as const;
const REHEARSAL_SERVERS = { auto: 'Auto', private: 'Private', 'same-server': 'SameServer' } as const;

/** What the commands that rehearse have in common, as commander gives it. */
export interface RehearsalOptions {
  rehearsal?: keyof typeof REHEARSALS;
  rehearsalServer?: keyof typeof REHEARSAL_SERVERS;
}

/** `--rehearsal` and `--rehearsal-server`. `what` runs on the copy: the plan, or a command. */
export function rehearsalOptions(what: string): [Option, Option] {
  return [
    new Option('--rehearsal <mode>', `copy on which the ${what} runs first (default: safety.rehearsal, auto)`).choices(
      Object.keys(REHEARSALS),
    ),
    new Option(
      '--rehearsal-server <where>',
      'server of the copy of a PostgreSQL database: a private one, or the same one (default: safety.rehearsalServer, auto)',
    ).choices(Object.keys(REHEARSAL_SERVERS)),
  ];
}

/** The options as the library takes them. */
export function rehearsalOf({ rehearsal, rehearsalServer }: RehearsalOptions) {
  return {
    rehearsal: rehearsal === undefined ? undefined : REHEARSALS[rehearsal],
    rehearsalServer: rehearsalServer === undefined ? undefined : REHEARSAL_SERVERS[rehearsalServer],
  };
}
