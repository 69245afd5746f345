import { createHash } from 'node:crypto';
import type { HistoryRow } from '../model/history.ts';
import type { MigrationFile } from '../model/migration.ts';
import type { RepairAction, RequestedRepair } from '../model/requested-repair.ts';
import type { Revision } from '../model/revision.ts';
import { editedFiles, missingFiles } from './integrity.ts';
import type { HistoryChange } from './stamp.ts';

/** The decisions of a person who has inspected the database. Other problems are left unchanged. */
export interface RepairChoices {
  /** Accept the current content of edited files as applied. */
  acceptChecksums: boolean;
  /** Whether an interrupted migration is completely in the database (`applied`) or not at all (`notApplied`). */
  interrupted?: 'applied' | 'notApplied';
  /** Remove applied migrations whose file is missing from the history. */
  removeMissing: boolean;
  /** Only these revisions; default: all. */
  only?: readonly Revision[];
}

/** `noText`: the history does not keep the text of the migration. */
export type Damage = 'interrupted' | 'edited' | 'missing' | 'noText';

export interface Repair extends HistoryChange {
  /** Every problem and the action chosen for it; `none` needs a decision. */
  findings: { revision: Revision; problem: Damage; action: 'accepted' | 'applied' | 'removed' | 'stored' | 'none' }[];
}

/** The changes of the history that make planning possible again. The tables of the user are not changed. */
export function repair(
  files: readonly MigrationFile[],
  history: readonly HistoryRow[],
  choices: RepairChoices,
): Repair {
  const missing = new Set(missingFiles(files, history));
  const edited = new Map(editedFiles(files, history).map((file) => [file.revision, file.checksum]));
  const result: Repair = { remove: [], put: [], findings: [] };
  for (const row of history) {
    const { revision } = row;
    const chosen = choices.only?.includes(revision) ?? true;
    const checksum = edited.get(revision);
    const note = (problem: Damage, action: Repair['findings'][number]['action']) => {
      result.findings.push({ revision, problem, action });
    };

    if (missing.has(revision)) {
      const forget = chosen && choices.removeMissing;
      note('missing', forget ? 'removed' : 'none');
      if (forget) {
        result.remove.push(revision);
        continue;
      }
    }
    let fixed = row;
    if (row.state !== 'applied') {
      const choice = chosen ? choices.interrupted : undefined;
      if (choice === 'notApplied') {
        note('interrupted', 'removed');
        result.remove.push(revision);
        continue;
      }
      note('interrupted', choice === 'applied' ? 'applied' : 'none');
      if (choice === 'applied') fixed = { ...fixed, state: 'applied' };
    }
    if (checksum !== undefined) {
      const accept = chosen && choices.acceptChecksums;
      note('edited', accept ? 'accepted' : 'none');
      if (accept) fixed = { ...fixed, checksum };
    }
    if (fixed !== row) result.put.push(fixed);
  }
  return result;
}

const CHOICES: Record<RepairAction, Partial<RepairChoices>> = {
  'accept-checksums': { acceptChecksums: true },
  'remove-missing': { removeMissing: true },
  applied: { interrupted: 'applied' },
  'not-applied': { interrupted: 'notApplied' },
};

/** The repair that was requested; undefined if the history is no longer in the state of the digest. */
export function requestedRepair(
  files: readonly MigrationFile[],
  history: readonly HistoryRow[],
  { action, digest }: RequestedRepair,
): Repair | undefined {
  if (damageDigest(files, history, action) !== digest) return undefined;
  return repair(files, history, { acceptChecksums: false, removeMissing: false, ...CHOICES[action] });
}

/**
 * A digest, in 16 hex digits, of the rows that an action would change. It includes the run, so a second interruption
 * has a different digest.
 */
export function damageDigest(
  files: readonly MigrationFile[],
  history: readonly HistoryRow[],
  action: RepairAction,
): string {
  const hash = createHash('sha256').update('db-manager repair 1\n');
  for (const line of damageOf(files, history, action)) hash.update(`${line}\n`);
  return hash.digest('hex').slice(0, 16);
}

function damageOf(files: readonly MigrationFile[], history: readonly HistoryRow[], action: RepairAction): string[] {
  switch (action) {
    case 'accept-checksums':
      return editedFiles(files, history).map(({ revision, checksum }) => `edited ${revision} ${checksum}`);
    case 'remove-missing': {
      const missing = new Set(missingFiles(files, history));
      return history.filter(({ revision }) => missing.has(revision)).map((row) => `missing ${key(row)}`);
    }
    case 'applied':
    case 'not-applied':
      return history.filter(({ state }) => state !== 'applied').map((row) => `interrupted ${row.state} ${key(row)}`);
  }
}

function key({ revision, checksum, runId, appliedAt }: HistoryRow): string {
  return `${revision} ${checksum} ${runId} ${appliedAt}`;
}
