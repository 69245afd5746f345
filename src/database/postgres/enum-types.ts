import type { Sequelize } from 'sequelize';
import { notAsAuthor } from '../../author/context.ts';
import type { ScopedSequelize } from '../transaction-scope.ts';
import type { Client } from './driver.ts';

interface Dialect {
  connectionManager: { _refreshDynamicOIDs(connection?: Client): Promise<void> };
}

/**
 * After `CREATE TYPE … AS ENUM` Sequelize reads the server's types, over a connection of its own, which does not see a
 * type that is not committed yet. On the view it reads them over the migration's connection.
 */
export function readTypesOn(
  { sequelize: view, track }: ScopedSequelize,
  sequelize: Sequelize,
  client: () => Client,
): void {
  const { dialect } = sequelize as Sequelize & { dialect: Dialect };
  const { connectionManager } = dialect;
  const refresh = () => track(() => notAsAuthor(() => connectionManager._refreshDynamicOIDs(client())));
  Object.defineProperty(view, 'dialect', {
    value: Object.create(dialect, {
      connectionManager: { value: Object.create(connectionManager, { _refreshDynamicOIDs: { value: refresh } }) },
    }),
  });
}
