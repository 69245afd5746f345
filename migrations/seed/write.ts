/** Many rows in one statement with few parameters, in each database's own way. */
import type { Sequelize, Transaction } from 'sequelize';
import { NUMBERED, type Rows, type Table } from './tables.ts';

const ROWS_PER_STATEMENT = 1_000;

export interface Writer {
  write(rows: Rows): Promise<void>;
  /** Rows that brought their ids do not move PostgreSQL's sequences. */
  finish(): Promise<void>;
}

/** Writes inside the transaction. */
export function openWriter(sequelize: Sequelize, transaction: Transaction): Writer {
  const postgres = sequelize.getDialect() === 'postgres';
  const query = (sql: string, bind: unknown[]) =>
    sequelize.query(sql, { bind, transaction, raw: true, logging: false });
  const insert = postgres ? unnest : jsonEach;
  return {
    async write({ table, rows }) {
      for (let at = 0; at < rows.length; at += ROWS_PER_STATEMENT) {
        const { sql, bind } = insert(table, rows.slice(at, at + ROWS_PER_STATEMENT));
        await query(sql, bind);
      }
    },
    async finish() {
      if (!postgres) return;
      for (const name of NUMBERED) {
        await query(
          `SELECT setval(pg_get_serial_sequence('${name}', 'id'), (SELECT max(id) FROM ${name})) FROM ${name} LIMIT 1`,
          [],
        );
      }
    },
  };
}

interface Statement {
  sql: string;
  bind: unknown[];
}

/** PostgreSQL: one array a column. */
function unnest({ name, columns }: Table, rows: Rows['rows']): Statement {
  const types = Object.values(columns).map((type, index) => `$${index + 1}::${type}[]`);
  return {
    sql: `INSERT INTO ${name} (${Object.keys(columns).join(', ')}) SELECT * FROM unnest(${types.join(', ')})`,
    bind: Object.keys(columns).map((_, index) => rows.map((row) => row[index] ?? null)),
  };
}

/** SQLite: one JSON text; a column's affinity makes numbers of the decimals in it. */
function jsonEach({ name, columns }: Table, rows: Rows['rows']): Statement {
  const values = Object.keys(columns).map((_, index) => `value ->> ${index}`);
  return {
    sql: `INSERT INTO ${name} (${Object.keys(columns).join(', ')}) SELECT ${values.join(', ')} FROM json_each($1)`,
    bind: [JSON.stringify(rows)],
  };
}
