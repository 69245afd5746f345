/** Divides the statements of a command into the migrations of its tool, by the writes to the tool's history table. */
import { displayCommand } from '../../core/model/display-command.ts';
import type { ToolHistoryChange } from '../../core/planning/tool-history.ts';
import { loadNamesTable, type NamesTable } from '../../migrations/statements/named-tables.ts';
import type { SentPart } from '../../migrations/statements/sent.ts';
import { findToolFiles } from '../../migrations/tool-files.ts';
import type { SentStatement } from './record.ts';
import type { Trial } from './state.ts';

/** The revisions that the command applied, in order; those that it reverted, if it applied none. */
export async function revisionsOf({ changes, sent }: Pick<Trial, 'changes' | 'sent'>): Promise<string[]> {
  const namesTable = await loadNamesTable('postgres');
  return changes.flatMap((change) => {
    if (change.added.length === 0) return change.removed;
    const passed = sent === undefined ? [] : passedRevisions(sent.statements, change, namesTable);
    return passed.length > change.added.length ? passed : change.added;
  });
}

/** A tool that stores only the current revision names the others in its statements: `SET version_num = 'b'`. */
function passedRevisions(
  statements: readonly SentStatement[],
  { table, to }: ToolHistoryChange,
  namesTable: NamesTable,
): string[] {
  const found = statements.flatMap(({ sql }) => {
    if (!namesTable(sql, table) || /^\s*(create|alter|delete|drop)\b/i.test(sql)) return [];
    const [, revision] = /(?:SET\s+\w+\s*=|VALUES)\s*\(?\s*'([^']+)'/i.exec(sql) ?? [];
    return revision === undefined ? [] : [revision];
  });
  return found.at(-1) === to ? [...new Set(found)] : [];
}

/** Statements of the tool's own tables are left out: no person wrote them. `folder`: where the tool's files may be. */
export async function partsOf(trial: Trial, words: readonly string[], folder?: string): Promise<SentPart[]> {
  const namesTable = await loadNamesTable('postgres');
  const statements = trial.sent?.statements ?? [];
  const tables = [...trial.before.histories, ...trial.after.histories].map(({ table }) => table);
  const isOfTool = ({ sql }: SentStatement) => tables.some((table) => namesTable(sql, table));
  const revisions = await revisionsOf(trial);
  const groups: SentStatement[][] = [[]];
  for (const statement of statements) {
    if (!isOfTool(statement)) groups.at(-1)?.push(statement);
    else if (groups.at(-1)?.length !== 0) groups.push([]);
  }
  const filled = groups.filter((group) => group.length > 0);
  const named = filled.length === revisions.length;
  const whole = named ? filled : [filled.flat()];
  const parts = whole
    .filter((group) => group.length > 0)
    .map((group, index) => ({
      revision: (named ? revisions[index] : revisions.at(-1)) ?? displayCommand(words),
      statements: group.map(({ sql }) => sql.replace(/;\s*$/, '')),
      transactional: group.every(({ inTransaction }) => inTransaction),
    }));
  if (folder === undefined || !named) return parts;
  const tools = trial.changes.map(({ tool }) => tool);
  const files = await findToolFiles(folder, tools, revisions);
  return parts.map((part) => ({ ...part, source: files.get(part.revision) }));
}
