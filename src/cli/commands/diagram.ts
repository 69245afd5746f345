import { writeFile } from 'node:fs/promises';
import { ProblemError } from '../../core/model/problem.ts';
import { schemaDiagram } from '../../library/diagram.ts';
import type { Globals } from '../globals.ts';
import type { Io } from '../io.ts';

interface Drawing extends Globals {
  format?: 'mermaid' | 'svg';
  output?: string;
}

/** `schema diagram [from:to]`: to standard output, or into a file whose extension selects the format. */
export async function diagram(range: string | undefined, options: Drawing, io: Io): Promise<void> {
  const { output, json } = options;
  const format = options.format ?? (output?.endsWith('.svg') ? 'svg' : 'mermaid');
  const text = await schemaDiagram({ ...options, range, format });
  if (output !== undefined) {
    await writeFile(output, text).catch((error: Error) => {
      const message = `The diagram could not be written to ${output}: ${error.message}`;
      throw new ProblemError({ reason: 'InvalidConfiguration', message });
    });
  }
  if (json === true)
    io.out(JSON.stringify({ format, ...(output === undefined ? { diagram: text } : { file: output }) }, null, 2));
  else io.out(output === undefined ? text.trimEnd() : `wrote ${output}`);
}
