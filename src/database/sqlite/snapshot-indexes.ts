import type { Index, IndexPart } from '../../core/model/snapshot.ts';
import { byComma, closing, significantTokens } from '../../sql/significant.ts';
import { all, type Connection } from './driver.ts';

export interface TableIndexes {
  /** Indexes created by CREATE INDEX. */
  own: Index[];
  /** Columns of UNIQUE constraints. */
  uniques: string[][];
}

interface Row {
  table: string;
  index: string;
  unique: 0 | 1;
  origin: 'c' | 'u' | 'pk';
  partial: 0 | 1;
  column: string | null;
  descending: 0 | 1;
  collation: string;
}

/** All indexes in one query, by table; `texts` are the CREATE INDEX statements by name of the index. */
export async function readIndexes(
  connection: Connection,
  texts: ReadonlyMap<string, string>,
): Promise<Map<string, TableIndexes>> {
  const rows = await all<Row>(
    connection,
    `SELECT s.name AS "table", l.name AS "index", l."unique" AS "unique", l.origin AS origin, l.partial AS partial,
       x.name AS "column", x."desc" AS descending, x.coll AS collation
     FROM sqlite_schema s JOIN pragma_index_list(s.name) l JOIN pragma_index_xinfo(l.name) x
     WHERE s.type = 'table' AND x.key = 1 ORDER BY l.name, x.seqno`,
  );
  const tables = new Map<string, TableIndexes>();
  for (const parts of Map.groupBy(rows, ({ table, index }) => `${table}\0${index}`).values()) {
    const [first] = parts;
    if (first === undefined || first.origin === 'pk') continue;
    const entry = tables.get(first.table) ?? { own: [], uniques: [] };
    tables.set(first.table, entry);
    if (first.origin === 'u') entry.uniques.push(parts.map(({ column }) => column ?? ''));
    else entry.own.push(toIndex(first, parts, texts.get(first.index) ?? ''));
  }
  return tables;
}

function toIndex(first: Row, rows: Row[], sql: string): Index {
  const { expressions, where } = readText(sql);
  return {
    name: first.index,
    unique: first.unique === 1,
    method: 'btree',
    parts: rows.map(
      (row, index): IndexPart => ({
        ...(row.column === null ? { expression: expressions[index] ?? '' } : { column: row.column }),
        order: row.descending === 1 ? 'DESC' : 'ASC',
        ...(row.collation === 'BINARY' ? {} : { collation: row.collation }),
      }),
    ),
    include: [],
    ...(where === undefined ? {} : { where }),
    nullsNotDistinct: false,
    valid: true,
  };
}

/** The text of each part without its sort order, and the condition of a partial index. */
function readText(sql: string): { expressions: string[]; where?: string } {
  const tokens = significantTokens(sql, 'sqlite');
  const open = tokens.findIndex(({ key }) => key === '(');
  const close = closing(tokens, open);
  const expressions = byComma(tokens.slice(open + 1, close)).map((piece) => {
    const text = sql.slice(piece[0]?.start, piece.at(-1)?.end);
    return text.replace(/\s+(ASC|DESC)$/i, '').replace(/\s+COLLATE\s+\w+$/i, '');
  });
  const at = tokens.findIndex(({ key }, index) => index > close && key === 'WHERE');
  return at < 0 ? { expressions } : { expressions, where: sql.slice(tokens[at + 1]?.start).trim() };
}
