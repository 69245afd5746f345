import type { z } from 'zod';
import type { effectsSchema } from './report.ts';

/** What one migration did on the rehearsal copy. */
export type MigrationEffects = z.infer<typeof effectsSchema>;

export interface RehearsalResult {
  mode: 'Full' | 'SchemaOnly';
  /** Why this mode was used. */
  message: string;
  seconds: number;
  roundTrip: 'passed' | 'failed' | 'skipped';
  roundTripMessage?: string;
  migrations: MigrationEffects[];
}
