import { shortName } from './names.ts';

/** One difference between the schema that was found and the expected schema. */
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
    | 'option'
    | 'comment';
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
export function describeDifference(difference: Difference): string {
  const { kind, property, expected, found } = difference;
  const what = subject(difference);
  switch (kind) {
    case 'missing':
      return `${what} is missing${expected === undefined ? '' : ` (${expected})`}`;
    case 'extra':
      return `${what} is not expected${found === undefined ? '' : ` (${found})`}`;
    case 'changed':
      return `${what}: ${property} is ${found ?? 'none'}, expected ${expected ?? 'none'}`;
  }
}

/** The fix: the change to the database, as an instruction. */
export function fixOf(difference: Difference): string {
  const { kind, property, expected } = difference;
  const what = subject(difference);
  switch (kind) {
    case 'missing':
      return `create ${what}${expected === undefined ? '' : ` as ${expected}`}`;
    case 'extra':
      return `drop ${what}, or add it to the expected schema`;
    case 'changed':
      return expected === undefined
        ? `remove the ${property} of ${what}`
        : `set the ${property} of ${what} to ${expected}`;
  }
}

/** Objects outside tables are named by their own name. */
const OWN = new Set<Difference['object']>(['table', 'enum', 'sequence', 'view']);

/** `column orders.note` */
export function subject({ object, table, name }: Difference): string {
  const place = shortName(table);
  if (OWN.has(object)) return `${object} ${place}`;
  return name === undefined ? `${object} of ${place}` : `${object} ${place}.${name}`;
}
