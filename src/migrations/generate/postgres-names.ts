import type { OperationPlace } from '../../core/schema/operations.ts';
import { quote } from './statement.ts';

/** `public` is in the default search path; any other schema is written. */
export const tableName = ({ schema, name }: OperationPlace) =>
  schema === 'public' ? quote(name) : `${quote(schema)}.${quote(name)}`;
