import type { Scenario } from './scenario.ts';
import { COLUMN_SCENARIOS } from './scenarios-columns.ts';
import { CONSTRAINT_SCENARIOS } from './scenarios-constraints.ts';
import { INDEX_SCENARIOS } from './scenarios-indexes.ts';
import { OBJECT_SCENARIOS } from './scenarios-objects.ts';
import { TABLE_SCENARIOS } from './scenarios-tables.ts';

export const GROUPS: Record<string, Scenario[]> = {
  tables: TABLE_SCENARIOS,
  columns: COLUMN_SCENARIOS,
  constraints: CONSTRAINT_SCENARIOS,
  indexes: INDEX_SCENARIOS,
  'enums, sequences, views and triggers': OBJECT_SCENARIOS,
};

export const SCENARIOS: Scenario[] = Object.values(GROUPS).flat();
