import type { GeneratedStatement } from './statement.ts';

/** The language of a migration's body. */
export type Language = 'ts' | 'js' | 'sql';

/** The body of one direction; it starts with `comments`. */
export function bodyOf(
  language: Language,
  comments: readonly string[],
  statements: readonly GeneratedStatement[],
): string {
  const mark = language === 'sql' ? '--' : '//';
  const head = comments.map((line) => `${mark} ${line}`);
  const lines = statements.map(({ sql, comments: own }) =>
    [...own.map((line) => `${mark} ${line}`), language === 'sql' ? `${sql};` : query(sql)].join('\n'),
  );
  const opening = language === 'sql' ? [] : ['const { sequelize } = queryInterface;'];
  return [...head, ...opening, ...lines].join('\n');
}

function query(sql: string): string {
  const text = sql.replaceAll('\\', '\\\\').replaceAll('`', '\\`').replaceAll('${', '\\${');
  return `await sequelize.query(\`${text}\`);`;
}
