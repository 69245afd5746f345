import type { TableRef } from '../action.ts';
import { shortType } from '../types.ts';
import { as, list, names, type Tree, text, tree } from './tree.ts';

/** Of a RangeVar. */
export function tableRef(relation: unknown): TableRef {
  const { schemaname, relname } = tree(relation);
  return ref(text(schemaname), text(relname) ?? '');
}

/** Of a list of name parts: `[[db,] schema,] name`. */
export function refOf(parts: readonly string[]): TableRef {
  return ref(parts.at(-2), parts.at(-1) ?? '');
}

function ref(schema: string | undefined, name: string): TableRef {
  return schema === undefined || schema === '' ? { name } : { schema, name };
}

/** Of a TypeName, as `shortType` writes it; `pg_catalog` is left out. */
export function typeName(value: unknown): string {
  const type = tree(value);
  const written = names(type.names).filter((part, index, all) => !(index < all.length - 1 && part === 'pg_catalog'));
  const base = written.join('.');
  const args = list(type.typmods).flatMap((modifier) => number(as('A_Const', modifier)) ?? []);
  // An interval's first modifier is a set of fields, its second the precision; bpchar's 1 is what char means.
  const shown = base === 'interval' ? args.slice(1) : args;
  const array = list(type.arrayBounds).length > 0 ? '[]' : '';
  return shortType(`${base}${shown.length > 0 ? `(${shown.join(',')})` : ''}${array}`);
}

function number(constant: Tree): number | undefined {
  const { ival } = constant;
  if (ival === undefined) return undefined;
  const value = tree(ival).ival;
  return typeof value === 'number' ? value : 0;
}
