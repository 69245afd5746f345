/** Functions and triggers that a database has already: a statement may call them. */
import type { Judge } from './judge.ts';

/** Words of everything in the table of effects, and of statements that are built at run time. */
const WORDS =
  /\b(execute|role|user|group|database|tablespace|system|subscription|copy|notify|checkpoint|load|foreign|reassign|owned|dblink\w*|lo_\w+|pg_\w+|http\w*|urlencode_post|cron|net|aws_\w+|azure_\w+)\b/i;
/** One may call another that is defined later. */
const PASSES = 3;

/**
 * Adds their definitions to the check. `definitions`: CREATE FUNCTION and CREATE TRIGGER; one that it cannot parse is
 * left out.
 */
export function learnStored(judge: Judge, definitions: readonly string[]): void {
  const suspects = definitions.filter((definition) => WORDS.test(definition));
  for (let pass = 0; pass < PASSES; pass++) {
    const before = suspects.length;
    const names = new Set(suspects.flatMap((definition) => nameOf(definition) ?? []));
    for (const definition of definitions) {
      if (suspects.includes(definition)) continue;
      const words = definition.match(/\w+/g) ?? [];
      if (words.some((word) => names.has(word))) suspects.push(definition);
    }
    if (suspects.length === before) break;
  }
  for (let pass = 0; pass < PASSES; pass++) for (const definition of suspects) judge(definition);
}

function nameOf(definition: string): string | undefined {
  const [, name] = /^CREATE (?:OR REPLACE )?(?:FUNCTION|PROCEDURE) (?:[^(]*\.)?"?([^"(]+)"?\(/.exec(definition) ?? [];
  return name;
}
