export const options = {};
export const enums = true;
export const comments = true;
export const deferrableKeys = true;
export const indexMethods = true;
export const autoincrementTables = false;

export function qualified(schema: string, name: string): { schema: string; name: string } {
  return { schema, name };
}
