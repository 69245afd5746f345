import { z } from 'zod';
import { runReportSchema } from './report.ts';

/** What the page of a run shows and its report does not have: texts of the migrations, and the schema before and after. */

const markSchema = z.enum(['same', 'added', 'removed', 'changed']);

/** Tables as boxes, foreign keys as lines; `core/schema/diagram` creates it. */
const diagramSchema = z.object({
  boxes: z.array(
    z.object({
      name: z.string(),
      mark: markSchema,
      columns: z.array(
        z.object({
          name: z.string(),
          type: z.string(),
          keys: z.array(z.enum(['PK', 'FK', 'UK'])),
          nullable: z.boolean(),
          mark: markSchema,
        }),
      ),
    }),
  ),
  lines: z.array(
    z.object({
      from: z.string(),
      to: z.string(),
      columns: z.array(z.string()),
      optional: z.boolean(),
      single: z.boolean(),
      mark: markSchema,
    }),
  ),
});

const sourceSchema = z.object({
  revision: z.string(),
  /** Relative to the folder of the migrations. */
  file: z.string(),
  text: z.string(),
  /** Number of characters at the end that were left out. */
  cut: z.int().optional(),
});

const runDetailsSchema = z.object({
  dialect: z.enum(['postgres', 'sqlite']).optional(),
  sources: z.array(sourceSchema),
  /** Number of files at the end of the plan that were left out. */
  moreSources: z.int().optional(),
  /** Absent without a rehearsal. */
  schema: z
    .object({
      /** Only the tables that change, and the tables that they reference. */
      diagram: diagramSchema,
      changes: z.array(z.object({ what: z.string(), before: z.string(), after: z.string() })),
    })
    .optional(),
});

/** The file of a run next to its backup: the report, and what its page needs. */
export const keptReportSchema = runReportSchema.extend({ details: runDetailsSchema.optional() });

export type RunDetails = z.infer<typeof runDetailsSchema>;
export type SourceText = RunDetails['sources'][number];
export type KeptReport = z.infer<typeof keptReportSchema>;
