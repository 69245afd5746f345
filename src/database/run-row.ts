import type { RunRecord } from '../core/model/run-record.ts';

/** Columns that are read on their own; the rest of the record is JSON in `detail`. */
export interface RunRow {
  state: RunRecord['state'];
  detail: string;
}

export function toRow({ state, ...detail }: RunRecord): RunRow {
  return { state, detail: JSON.stringify(detail) };
}

export function fromRow({ state, detail }: RunRow): RunRecord {
  return { ...(JSON.parse(detail) as Omit<RunRecord, 'state'>), state };
}
