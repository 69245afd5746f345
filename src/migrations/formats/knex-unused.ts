/** A builder of Knex, or its `raw`: it is sent when it is awaited, and read when it is a part of another query. */
interface Builder {
  toSQL(...args: unknown[]): unknown;
  /** Of a query. */
  _method?: string;
  /** Of a schema: what it does. */
  _sequence?: { method: string }[];
  /** Of `raw`. */
  sql?: string;
}

const WRITES = new Set(['insert', 'update', 'del', 'truncate']);
const RAW_WRITES = /^\s*(?:alter|create|drop|insert|update|delete|truncate|grant|revoke|comment)\s/i;

/** Finds changes that a migration wrote and never sent: Knex sends nothing that is not awaited. */
export interface UnusedBuilders {
  watch<T>(builder: T): T;
  used(builder: unknown): void;
  /** What the first one does, such as `createTable`. */
  first(): string | undefined;
}

export function unusedBuilders(): UnusedBuilders {
  const unused = new Set<Builder>();
  return {
    watch(made) {
      const builder = made as Builder;
      const { toSQL } = builder;
      unused.add(builder);
      builder.toSQL = (...args) => {
        unused.delete(builder);
        return toSQL.apply(builder, args);
      };
      return made;
    },
    used: (builder) => void unused.delete(builder as Builder),
    first() {
      for (const { _method = '', _sequence = [], sql } of unused) {
        if (_sequence[0] !== undefined) return _sequence[0].method;
        if (WRITES.has(_method)) return _method;
        if (sql !== undefined && RAW_WRITES.test(sql)) return 'raw';
      }
      return undefined;
    },
  };
}
