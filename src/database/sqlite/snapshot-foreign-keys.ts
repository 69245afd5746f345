import type { ForeignKey, ReferentialAction } from '../../core/model/snapshot.ts';
import { all, type Connection } from './driver.ts';

interface Row {
  table: string;
  id: number;
  parent: string;
  from: string;
  /** Null if the reference names no column: it refers to the parent's primary key. */
  to: string | null;
  onUpdate: ReferentialAction;
  onDelete: ReferentialAction;
  primary: string | null;
}

/** All foreign keys in one query, by table; names and DEFERRABLE are available only in the text. */
export async function readForeignKeys(connection: Connection): Promise<Map<string, ForeignKey[]>> {
  const rows = await all<Row>(
    connection,
    `SELECT s.name AS "table", f.id AS id, f."table" AS parent, f."from" AS "from", f."to" AS "to",
       f.on_update AS "onUpdate", f.on_delete AS "onDelete",
       (SELECT x.name FROM pragma_table_info(f."table") x WHERE x.pk = f.seq + 1) AS "primary"
     FROM sqlite_schema s JOIN pragma_foreign_key_list(s.name) f
     WHERE s.type = 'table' ORDER BY s.name, f.id, f.seq`,
  );
  const tables = new Map<string, ForeignKey[]>();
  for (const parts of Map.groupBy(rows, ({ table, id }) => `${table}\0${id}`).values()) {
    const [first] = parts;
    if (first === undefined) continue;
    const key: ForeignKey = {
      columns: parts.map(({ from }) => from),
      references: { schema: 'main', table: first.parent, columns: parts.map(({ to, primary }) => to ?? primary ?? '') },
      onDelete: first.onDelete,
      onUpdate: first.onUpdate,
      validated: true,
    };
    tables.set(first.table, [...(tables.get(first.table) ?? []), key]);
  }
  return tables;
}
