/**
 * Rules about the names of all migrations together, without a database. Problems that need a database (edited, missing
 * or late files) are errors, not rules: `core/planning/integrity.ts`. Two files of one revision are an error when read.
 */
import type { Finding } from '../model/finding.ts';
import type { ReadMigration } from './action.ts';
import type { ObservedRule } from './observed.ts';

export const DUPLICATE_NUMBER: ObservedRule = {
  id: 'duplicate-number',
  topic: 'style',
  title: 'Two migrations begin with the same number.',
  why: 'Two branches used the same number. Their order then depends on the rest of their names. If one is already applied and the other sorts before it, the other is out of order.',
  severity: 'warning',
};

export const MIXED_NUMBERING: ObservedRule = {
  id: 'mixed-numbering',
  topic: 'style',
  title: 'Some migrations begin with a timestamp, others with a short number or with none.',
  why: 'A short number sorts before every timestamp, and a name without a number sorts after all of them: the next migration is placed unexpectedly or out of order.',
  severity: 'warning',
};

/** The only list. */
export const REPOSITORY_RULES: readonly ObservedRule[] = [DUPLICATE_NUMBER, MIXED_NUMBERING];

type Named = Pick<ReadMigration, 'revision' | 'file' | 'statements' | 'ignore'>;

/** In the order of the migrations, which is the order in which they run. `ignore`: ids of rules to skip. */
export function repositoryFindings(migrations: readonly Named[], ignore: readonly string[] = []): Finding[] {
  return [...duplicates(migrations), ...mixed(migrations)]
    .filter(({ rule, migration }) => !ignore.includes(rule.id) && !isIgnored(rule, migration))
    .map(({ rule, migration: { revision, file }, message, advice }) => ({
      rule: rule.id,
      severity: rule.severity,
      message,
      advice,
      migration: revision,
      position: { file, line: 1, column: 1 },
    }));
}

interface Found {
  rule: ObservedRule;
  migration: Named;
  message: string;
  advice: string;
}

function duplicates(migrations: readonly Named[]): Found[] {
  const seen = new Map<string, Named>();
  return migrations.flatMap((migration): Found[] => {
    const number = numberOf(migration.revision);
    if (number === undefined) return [];
    const key = number.replace(/^0+(?=\d)/, '');
    const other = seen.get(key);
    seen.set(key, other ?? migration);
    if (other === undefined) return [];
    return [
      {
        rule: DUPLICATE_NUMBER,
        migration,
        message: `${migration.revision} and ${other.revision} have the same number; ${other.revision} runs first.`,
        advice: 'Give a different number to the one that is not applied anywhere yet.',
      },
    ];
  });
}

type Kind = 'a timestamp' | 'a short number' | 'no number';

function mixed(migrations: readonly Named[]): Found[] {
  const kinds = new Map<Kind, Named[]>();
  for (const migration of migrations) {
    const kind = kindOf(migration.revision);
    kinds.set(kind, [...(kinds.get(kind) ?? []), migration]);
  }
  const [most, ...others] = [...kinds].sort(([, a], [, b]) => b.length - a.length);
  if (most === undefined) return [];
  return others.flatMap(([kind, few]): Found[] => {
    const [migration] = few;
    if (migration === undefined) return [];
    const more = few.length > 1 ? ` and ${few.length - 1} more` : '';
    return [
      {
        rule: MIXED_NUMBERING,
        migration,
        message: `${migration.revision}${more} ${few.length > 1 ? 'begin' : 'begins'} with ${kind}, the others with ${most[0]}.`,
        advice: `Name new migrations like most of the existing ones. A migration that is not applied anywhere yet can be renamed.`,
      },
    ];
  });
}

/** The leading number of a name, a version with its parts, although only those of Flyway sort by them: see `core/planning/order.ts`. */
function numberOf(revision: string): string | undefined {
  const digits = revision.replace(/^(\d{8})T(\d{6})(?=\D)/, '$1$2');
  const [, flyway, number] = /^(V?)(\d+(?:[._]\d+)*)(?=__|[_\-.]|$)/.exec(digits) ?? [];
  return flyway === 'V' ? number : number && /^\d+(?:\.\d+)*/.exec(number)?.[0];
}

function kindOf(revision: string): Kind {
  const number = numberOf(revision);
  if (number === undefined) return 'no number';
  return /^\d{8}/.test(number) ? 'a timestamp' : 'a short number';
}

function isIgnored({ id }: ObservedRule, { statements, ignore = [] }: Named): boolean {
  return [...statements, { ignore }].some((one) => one.ignore.some(({ rule, why }) => rule === id && why !== ''));
}
