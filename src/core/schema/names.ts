/** `public.orders`: the name of a table inside this module and in differences. */
export function keyOf({ schema, name }: { schema: string; name: string }): string {
  return `${schema}.${name}`;
}

/** The display name of a table, without the default schema. */
export function shortName(key: string): string {
  return key.replace(/^(main|public)\./, '');
}
