import { basename } from 'node:path/posix';
import { invalid, type SourceFile, type SqlFormat, type SqlSection } from './format.ts';

/**
 * Flyway: `V1__x.sql` and, where there is one, `U1__x.sql`; `R__x.sql`, which runs whenever it has changed. As in Flyway, a file whose statements cannot run inside a
 * transaction runs outside one. BEGIN and COMMIT in it
 * count. Placeholders get the values of the variables that Flyway reads.
 * https://documentation.red-gate.com/flyway/flyway-concepts/migrations
 */
export const flyway: SqlFormat = {
  format: 'flyway',
  detect: ([source]) => isFlyway(source.file),
  read: ([up, down]) => ({ up: whole(up), down: down && whole(down) }),
};

export function isFlyway(file: string): boolean {
  return /(?:^|\/)(?:[VU]\d+(?:[._]\d+)*|R)__[^/]*\.sql$/i.test(file);
}

const PLACEHOLDER = /\$\{([A-Za-z_][\w.:-]*)\}/g;
const PREFIX = 'FLYWAY_PLACEHOLDERS_';

function whole({ file, text, script }: SourceFile): SqlSection {
  const { transaction, placeholders } = readScript(file, script);
  const sql = placeholders ? replaced({ file, text }) : text;
  return {
    pieces: [{ file, text: sql, line: 1 }],
    ...(transaction === undefined ? { ownTransaction: 'any' } : { transaction }),
  };
}

/** `V1__x.sql.conf`: the settings of a script. */
function readScript(file: string, script = ''): { transaction?: boolean; placeholders: boolean } {
  const read: { transaction?: boolean; placeholders: boolean } = { placeholders: true };
  for (const [index, line] of script.split('\n').entries()) {
    if (/^\s*(?:#.*)?$/.test(line)) continue;
    const [, name = '', value = ''] = /^\s*(?:flyway\.)?(\w+)\s*[=:]\s*(true|false)\s*$/i.exec(line) ?? [];
    const truth = value.toLowerCase() === 'true';
    if (name === 'executeInTransaction') read.transaction = truth;
    else if (name === 'placeholderReplacement') read.placeholders = truth;
    else {
      invalid(
        `${file}.conf`,
        index + 1,
        `"${line.trim()}" is not supported. executeInTransaction and placeholderReplacement are. Remove the line, or leave the migration out with "exclude" in the configuration.`,
      );
    }
  }
  return read;
}

/** Flyway replaces placeholders everywhere, in comments and strings too, and does not distinguish upper and lower case. */
function replaced({ file, text }: SourceFile): string {
  return text.replace(PLACEHOLDER, (placeholder, name: string, offset: number) => {
    const value = name.startsWith('flyway:') ? ownValue(name, file) : givenValue(name);
    if (value !== undefined) return value;
    const before = text.slice(0, offset).split('\n');
    const advice = name.startsWith('flyway:')
      ? 'and db-manager has no value for it. Write the value.'
      : `and it has no value. Set the variable ${PREFIX}${name.toUpperCase()}, as for Flyway.`;
    return invalid(
      file,
      before.length,
      `${placeholder} is a placeholder of Flyway, ${advice}`,
      (before.at(-1)?.length ?? 0) + 1,
    );
  });
}

function givenValue(name: string): string | undefined {
  const variable = Object.keys(process.env).find((key) => key.toLowerCase() === `${PREFIX}${name}`.toLowerCase());
  return variable === undefined ? undefined : process.env[variable];
}

function ownValue(name: string, file: string): string | undefined {
  switch (name) {
    case 'flyway:filename':
      return basename(file);
    case 'flyway:table':
      return 'flyway_schema_history';
    case 'flyway:defaultSchema':
      return process.env.FLYWAY_DEFAULT_SCHEMA ?? process.env.FLYWAY_SCHEMAS?.split(',')[0]?.trim() ?? 'public';
    default:
      return undefined;
  }
}
