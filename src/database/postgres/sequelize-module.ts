import pg, { type ClientConfig } from 'pg';
import type { PostgresTarget } from '../../core/model/target.ts';
import { guardAuthentication } from './authentication.ts';

/**
 * node-postgres for Sequelize, whose clients connect with our configuration instead of the few fields of it that
 * Sequelize passes on (it drops channel binding, `sslnegotiation` and more).
 */
export function pgFor(configuration: () => ClientConfig, target: PostgresTarget): object {
  class Client extends pg.Client {
    constructor(theirs?: ClientConfig) {
      super({ ...configuration(), types: theirs?.types });
      const check = guardAuthentication(this, target);
      this.once('connect', () => {
        try {
          check();
        } catch (error) {
          this.connection.stream.destroy(error as Error);
        }
      });
    }
  }
  return Object.defineProperties({}, { ...Object.getOwnPropertyDescriptors(pg), Client: { value: Client } });
}
