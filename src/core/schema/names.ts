/** `public.orders`: how a table is named inside this room and in differences. */
export function keyOf({ schema, name }: { schema: string; name: string }): string {
  return `${schema}.${name}`;
}

/** A table for people: the schemas that everybody has are not said. */
export function shortName(key: string): string {
  return key.replace(/^(main|public)\./, '');
}
