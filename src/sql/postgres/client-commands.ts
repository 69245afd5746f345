import type { Objection, StatementText } from '../objection.ts';

/** A command of psql, or a COPY that needs psql on the other end. */
export function clientCommand(statement: StatementText): Objection | undefined {
  return psqlCommand(statement) ?? copy(statement);
}

/** A backslash outside strings is never SQL: it is `\d`, `\connect`, `\gset`, … */
function psqlCommand({ sql, tokens }: StatementText): Objection | undefined {
  if (!sql.includes('\\')) return undefined;
  for (const { kind, start } of tokens()) {
    if (kind !== 'symbol' || sql[start] !== '\\') continue;
    const name = /^\\\S*/.exec(sql.slice(start, start + 40))?.[0] ?? '\\';
    return {
      offset: start,
      advice: `${name} is a psql command, not SQL. Remove it, or replace it with SQL.`,
    };
  }
  return undefined;
}

function copy({ tokens, words }: StatementText): Objection | undefined {
  if (words(1)[0] !== 'COPY') return undefined;
  const all = words(2000);
  const at = all.findIndex(
    (word, index) => (word === 'STDIN' || word === 'STDOUT') && /^(FROM|TO)$/.test(all[index - 1] ?? ''),
  );
  if (at < 0) return undefined;
  const first = [...tokens()].find(({ kind }) => kind !== 'comment' && kind !== 'space');
  return {
    offset: first?.start ?? 0,
    advice: `COPY … ${all[at - 1]} ${all[at]?.toLowerCase()} needs psql. Use INSERT statements, or load the data in a .ts migration.`,
  };
}
