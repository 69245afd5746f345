/** One way in which the schema that was found is not the one that is expected. */
export interface Difference {
  kind: 'missing' | 'extra' | 'changed';
  object:
    | 'table'
    | 'column'
    | 'primary key'
    | 'unique'
    | 'foreign key'
    | 'check'
    | 'exclusion'
    | 'index'
    | 'trigger'
    | 'enum'
    | 'sequence'
    | 'view'
    | 'option';
  /** `public.orders`; `main.orders` on SQLite. For other objects than tables, the object itself. */
  table: string;
  /** Name of the object inside the table. */
  name?: string;
  /** What of it: `type`, `nullable`, `default`, … */
  property?: string;
  expected?: string;
  found?: string;
}

/** One line for people. */
export function describeDifference({ kind, object, table, name, property, expected, found }: Difference): string {
  const place = table.replace(/^(main|public)\./, '');
  const what =
    object === 'table' ? `table ${place}` : name === undefined ? `${object} of ${place}` : `${object} ${place}.${name}`;
  switch (kind) {
    case 'missing':
      return `${what} is missing${expected === undefined ? '' : ` (${expected})`}`;
    case 'extra':
      return `${what} is not expected${found === undefined ? '' : ` (${found})`}`;
    case 'changed':
      return `${what}: ${property} is ${found ?? 'none'}, expected ${expected ?? 'none'}`;
  }
}
