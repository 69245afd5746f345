import type { CommandRequest } from '../../core/model/request.ts';
import type { Snapshot } from '../../core/model/snapshot.ts';
import type { ToolHistory, ToolHistoryChange } from '../../core/planning/tool-history.ts';
import { TOOL_TABLES, toolHistories } from '../../core/planning/tool-history.ts';
import type { Database, ObservedEffects } from '../../database/port.ts';
import type { RunPorts } from '../ports.ts';
import type { CommandHost } from './host.ts';
import type { SentRecord } from './record.ts';

export interface WrappedPorts extends RunPorts<CommandRequest> {
  host: CommandHost;
}

/** What can be compared of a database before and after a command. */
interface Contents {
  histories: ToolHistory[];
  objects: Map<string, string>;
  snapshot: Snapshot;
}

export interface Looked {
  /** The target before the run. */
  start: Contents;
}

/** What the command did on the copy. */
export interface Trial {
  before: Contents;
  after: Contents;
  changes: ToolHistoryChange[];
  observed: ObservedEffects;
  /** Absent where statements cannot be recorded. */
  sent?: SentRecord;
  /** False if the command changed nothing. */
  changed: boolean;
}

export interface Tried {
  /** Absent if the rehearsal is disabled. */
  trial?: Trial;
  output?: readonly string[];
}

export async function contentsOf(database: Database): Promise<Contents> {
  return {
    histories: toolHistories(await database.toolTables(TOOL_TABLES)),
    objects: await database.objects(),
    snapshot: await database.snapshot(),
  };
}

/** Objects that differ, as sentences: `table public.orders is missing`. */
export function objectDifferences(expected: ReadonlyMap<string, string>, found: ReadonlyMap<string, string>): string[] {
  const label = (key: string) => key.slice(key.indexOf('\0') + 1);
  return [...new Set([...expected.keys(), ...found.keys()])].sort().flatMap((key) => {
    const [wanted, have] = [expected.get(key), found.get(key)];
    if (wanted === have) return [];
    if (have === undefined) return [`${label(key)} is missing`];
    return [wanted === undefined ? `${label(key)} is additional` : `${label(key)} has another definition`];
  });
}
