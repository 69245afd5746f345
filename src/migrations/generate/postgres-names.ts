import type { Place } from '../../core/schema/operations.ts';
import { quote } from './statement.ts';

/** `public` is where everybody looks first; any other schema is said. */
export const tableName = ({ schema, name }: Place) =>
  schema === 'public' ? quote(name) : `${quote(schema)}.${quote(name)}`;
