import type { HistoryRow } from '../model/history.ts';
import type { MigrationFile } from '../model/migration.ts';
import type { Revision } from '../model/revision.ts';
import { editedFiles, missingFiles } from './integrity.ts';
import type { HistoryChange } from './stamp.ts';

/** What a person decided after looking at the database. What is not decided stays as it is. */
export interface RepairChoices {
  /** Take the files as they are now for what was applied. */
  acceptChecksums: boolean;
  /** An interrupted migration is in the database (`applied`), or nothing of it is any more (`notApplied`). */
  interrupted?: 'applied' | 'notApplied';
  /** Forget applied migrations whose file is gone. */
  removeMissing: boolean;
  /** Only these revisions; all where absent. */
  only?: readonly Revision[];
}

export type Damage = 'interrupted' | 'edited' | 'missing';

export interface Repair extends HistoryChange {
  /** Everything that does not fit, and what the choices make of it; `left` waits for a decision. */
  findings: { revision: Revision; problem: Damage; action: 'accepted' | 'applied' | 'removed' | 'none' }[];
}

/** Which rows of the history change so that a plan can be made again. The database's own tables are not touched. */
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
    let mended = row;
    if (row.state !== 'applied') {
      const choice = chosen ? choices.interrupted : undefined;
      if (choice === 'notApplied') {
        note('interrupted', 'removed');
        result.remove.push(revision);
        continue;
      }
      note('interrupted', choice === 'applied' ? 'applied' : 'none');
      if (choice === 'applied') mended = { ...mended, state: 'applied' };
    }
    if (checksum !== undefined) {
      const accept = chosen && choices.acceptChecksums;
      note('edited', accept ? 'accepted' : 'none');
      if (accept) mended = { ...mended, checksum };
    }
    if (mended !== row) result.put.push(mended);
  }
  return result;
}
