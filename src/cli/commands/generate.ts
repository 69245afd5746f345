import { ProblemError } from '../../core/model/problem.ts';
import { generateMigration } from '../../library/generate.ts';
import type { Globals } from '../globals.ts';
import type { Io } from '../io.ts';
import { print } from '../output/print.ts';

const FORMATS = ['ts', 'js', 'sql'] as const;

interface Generating extends Globals {
  message: string;
  format: string;
  autogenerate: boolean;
}

/** `generate <message>`: a migration that sorts after all others. */
export async function generate(options: Generating, io: Io): Promise<void> {
  if (options.autogenerate) {
    throw new ProblemError({
      reason: 'InvalidConfiguration',
      message:
        'This version cannot write a migration from the difference between models and database yet. For an empty one: db-manager generate --no-autogenerate "…"; the differences: db-manager validate -v',
    });
  }
  const format = FORMATS.find((known) => known === options.format);
  if (format === undefined)
    throw new ProblemError({
      reason: 'InvalidConfiguration',
      message: `--format is one of ${FORMATS.join(', ')}, not "${options.format}".`,
    });
  const written = await generateMigration({ ...options, format });
  print(io, options, written, ({ files }) => `wrote ${files.join(', ')}`);
}
